import type { Order } from './client';

/**
 * An order as this browser remembers it, by event: its idempotency key, which is the reservation's id, and the body it
 * was sent with. So a reload or a lost connection goes on with it, and never makes a second one.
 */
export interface KeptOrder {
  id: string;
  order: Order;
  /** null until the API has answered. */
  token: string | null;
  isPaying: boolean;
  /** How often a card was declined. */
  declined: number;
}

const PREFIX = 'holdfast.order.';

export function readOrder(slug: string): KeptOrder | null {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + slug) ?? 'null') as KeptOrder | null;
  } catch {
    return null;
  }
}

export function keepOrder(slug: string, order: KeptOrder | null): void {
  try {
    if (order) localStorage.setItem(PREFIX + slug, JSON.stringify(order));
    else localStorage.removeItem(PREFIX + slug);
  } catch {
    // A browser that keeps nothing sells all the same; it only forgets at a reload.
  }
}
