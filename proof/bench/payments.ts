import { Webhook } from 'standardwebhooks';
import type { LoadRequest } from './load/driver';

/** The price of a seat of a benchmark event, in minor units. */
const AMOUNT = 1000;

/** A signed payment webhook (Standard Webhooks) for a reservation of one seat; valid for five minutes. */
export function paymentWebhook(secret: string, reservation: string): LoadRequest {
  const data = { reservation, reference: `pay-${reservation}`, amount: AMOUNT, currency: 'EUR' };
  const body = JSON.stringify({ type: 'payment.succeeded', data });
  const id = `msg_${reservation}`;
  const at = new Date();
  return {
    method: 'POST',
    path: '/v1/webhooks/standard',
    headers: {
      'Content-Type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    },
    body,
  };
}
