import { setTimeout as sleep } from 'node:timers/promises';
import type { Client as TemporalClient } from '@temporalio/client';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import type { DevInfo } from '../product';
import type {
  Allotment,
  Change,
  Claim,
  Journal,
  Money,
  Payment,
  Reservation,
  SeatName,
} from './journal';
import type { Answer, HttpClient } from './http-client';
import type { Random } from './random';

export interface Ticket {
  code: string;
  event: string;
  seat: string;
}

/** What a change asks for. */
export interface ChangeRequest {
  release?: SeatName[];
  take?: Line[];
  priceTypes?: { seat: SeatName; priceType: string }[];
  code?: string;
}

export interface ShopDeps {
  http: HttpClient;
  journal: Journal;
  random: Random;
  keys: DevInfo['keys'];
  webhookSecrets: DevInfo['webhookSecrets'];
  temporal: TemporalClient;
}

export type Wish = { seats: string[] } | { bestAvailable: { quantity: number; category: string } };

/** Seats of one event. */
export type Line = { event: string; allotment?: string } & Wish;

export interface HoldRequest {
  id: string;
  lines: readonly Line[];
  code?: string | undefined;
  buyer: { name: string; email: string };
  client: Claim['client'];
}

/** The result of a signal: accepted by Temporal, no such open workflow, or unknown. */
export type SignalResult = 'taken' | 'gone' | 'unknown';

const SIGNAL_TIMEOUT_MS = 5_000;
const SIGNAL_TRIES = 6;
const NOT_FOUND = 5;
/** What a hold may be answered. */
export const HOLD_ANSWERS = [201, '409 seats_unavailable', '403 sale_paused'] as const;

const reservationOf = (answer: Answer): Reservation => answer.body as Reservation;

/** The actions of a client, a payment provider, a scanner and an operator, each recorded in the journal. */
export class Shop {
  constructor(readonly deps: ShopDeps) {}

  async hold(request: HoldRequest): Promise<Claim | null> {
    return (await this.askToHold(request)).claim;
  }

  /** @param expect the answers that are allowed, if not all that a hold may get */
  async askToHold(
    { id, lines, code, buyer, client }: HoldRequest,
    expect: readonly (number | string)[] = HOLD_ANSWERS,
  ): Promise<{ code: string | null; claim: Claim | null }> {
    const [first] = lines;
    const isShort = lines.length === 1 && first!.allotment === undefined;
    const answer = await this.deps.http.call({
      operation: 'hold',
      method: 'POST',
      path: '/v1/reservations',
      key: this.deps.keys[client],
      headers: { 'idempotency-key': id },
      body: { ...(isShort ? first : { lines }), ...(code !== undefined && { code }), buyer },
      expect: code === undefined ? expect : [...expect, '409 code_used_up'],
      subject: id,
    });
    const { journal } = this.deps;
    if (answer.code === 'code_used_up') journal.happened('a code that was used up');
    if (answer.status === 201 && code !== undefined)
      journal.happened('a hold with a code of limited uses');
    const claim = answer.status === 201 ? journal.recordHold(reservationOf(answer), client) : null;
    return { code: answer.code, claim };
  }

  /** Sends a known key with another body: it must be refused. */
  async misuseKey(claim: Claim, by: Claim['client']): Promise<void> {
    await this.deps.http.call({
      operation: 'key misused',
      method: 'POST',
      path: '/v1/reservations',
      key: this.deps.keys[by],
      headers: { 'idempotency-key': claim.id },
      body: {
        lines: claim.seats.map(({ event, label }) => ({ event, seats: [label] })),
        buyer: { name: 'Somebody Else', email: 'else@example.org' },
      },
      expect: ['422 idempotency_key_reused'],
      subject: claim.id,
    });
  }

  async read(claim: Claim): Promise<Reservation> {
    // The state before this request: an answer that arrives meanwhile may be newer than this one.
    const wasConfirmed = claim.confirmed.size > 0;
    const wasCancelled = claim.cancelled.done;
    const answer = await this.deps.http.call({
      operation: 'read',
      method: 'GET',
      path: `/v1/reservations/${claim.id}`,
      key: this.deps.keys[claim.client],
      expect: [200],
      subject: claim.id,
    });
    const now = reservationOf(answer);
    if (answer.status !== 200) return now;
    if (wasConfirmed && !claim.cancelAsked && now.status !== 'confirmed')
      this.reportContradiction(claim, 'confirmed', now);
    if (wasCancelled && now.status !== 'cancelled')
      this.reportContradiction(claim, 'cancelled', now);
    return now;
  }

  private reportContradiction(claim: Claim, answered: string, now: Reservation): void {
    this.deps.journal.violation(
      'a read never contradicts an earlier answer',
      claim.id,
      `answered ${answered}, then read ${now.status}`,
    );
  }

  /** Reads until a refund has succeeded, for a while. */
  async waitForRefund(claim: Claim, id: string, limitMs: number): Promise<boolean> {
    for (const until = Date.now() + limitMs; Date.now() < until;) {
      const refund = (await this.read(claim)).refunds.find((one) => one.id === id);
      if (refund?.status === 'succeeded') return true;
      await sleep(250);
    }
    return false;
  }

  /** Reads until the status is one of these, for a while. */
  async waitFor(
    claim: Claim,
    statuses: readonly Reservation['status'][],
    limitMs: number,
  ): Promise<boolean> {
    for (const until = Date.now() + limitMs; Date.now() < until;) {
      if (statuses.includes((await this.read(claim)).status)) return true;
      await sleep(250);
    }
    return false;
  }

  /** @param more answers that are allowed besides the usual ones */
  async confirm(
    claim: Claim,
    reference: string,
    money: Money = claim.total,
    more: readonly string[] = [],
  ): Promise<Answer> {
    const right = money.amount === claim.total.amount && money.currency === claim.total.currency;
    const payment = this.deps.journal.recordPayment('confirm', reference, claim.id, money);
    const answer = await this.deps.http.call({
      operation: right ? 'confirm' : 'confirm, wrong amount',
      method: 'POST',
      path: `/v1/reservations/${claim.id}/confirm`,
      key: this.deps.keys[claim.client],
      body: { payment: { reference, ...money } },
      expect: right
        ? [
            ...more,
            200,
            202,
            '409 reservation_expired',
            '409 reservation_cancelled',
            '409 reservation_confirmed',
          ]
        : [
            '422 payment_mismatch',
            '409 reservation_expired',
            '409 reservation_cancelled',
            '409 reservation_confirmed',
          ],
      subject: claim.id,
    });
    if (answer.lost > 0) payment.uncertain = true;
    if (answer.status < 300) payment.acknowledged.add('confirm');
    else payment.refused = true;
    if (answer.status === 200) {
      claim.confirmed.add(reference);
      const now = reservationOf(answer);
      if (
        now.payment?.reference !== reference ||
        !['confirmed', 'cancelled'].includes(now.status)
      ) {
        const detail = `confirm of ${reference} was answered 200 with ${now.status}, ${now.payment?.reference ?? 'no payment'}`;
        this.deps.journal.violation('confirm 200 is of its own payment', claim.id, detail);
      }
    }
    return answer;
  }

  private async webhook(
    provider: 'stripe' | 'standard',
    payment: Payment,
    type: string,
    signed: () => { raw: string; headers: Record<string, string> },
  ): Promise<void> {
    const answer = await this.deps.http.call({
      operation: `webhook ${type}`,
      method: 'POST',
      path: `/v1/webhooks/${provider}`,
      signed,
      expect: [200],
      subject: payment.reference,
    });
    if (answer.status === 200) payment.acknowledged.add(provider);
  }

  /** One delivery of a payment by the Standard Webhooks rules. */
  async payStandard(payment: Payment, messageId: string): Promise<void> {
    const { reference, reservation, amount, currency, change } = payment;
    const type = 'payment.succeeded';
    const data = { reservation, reference, amount, currency, ...(change !== null && { change }) };
    const raw = JSON.stringify({ type, data });
    await this.webhook('standard', payment, type, () => this.signStandard(raw, messageId));
  }

  private signStandard(raw: string, id: string): { raw: string; headers: Record<string, string> } {
    const at = new Date();
    const signature = new Webhook(this.deps.webhookSecrets.standard).sign(id, at, raw);
    const timestamp = String(Math.floor(at.getTime() / 1000));
    return {
      raw,
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': signature,
      },
    };
  }

  /** Reports a failed payment, which the API only records. */
  async payFailed(claim: Claim, reference: string): Promise<void> {
    const raw = JSON.stringify({
      type: 'payment.failed',
      data: { reservation: claim.id, reference, ...claim.total },
    });
    const id = `msg_${this.deps.random.uuid()}`;
    await this.deps.http.call({
      operation: 'webhook payment.failed',
      method: 'POST',
      path: '/v1/webhooks/standard',
      signed: () => this.signStandard(raw, id),
      expect: [200],
      subject: claim.id,
    });
  }

  /** One delivery of one of Stripe's two success events; both are the same payment. */
  async payStripe(
    payment: Payment,
    type: 'payment_intent.succeeded' | 'checkout.session.completed',
    eventId: string,
  ): Promise<void> {
    const { reference, reservation, amount, change } = payment;
    const currency = payment.currency.toLowerCase();
    const metadata = {
      reservation_id: reservation,
      ...(change !== null && { change_id: change }),
    };
    const object =
      type === 'payment_intent.succeeded'
        ? {
            id: reference,
            object: 'payment_intent',
            amount,
            amount_received: amount,
            currency,
            metadata,
          }
        : {
            id: `cs_${reference}`,
            object: 'checkout.session',
            payment_status: 'paid',
            payment_intent: reference,
            amount_total: amount,
            currency,
            metadata,
          };
    const payload = JSON.stringify({
      id: eventId,
      object: 'event',
      type,
      data: { object },
      ...(payment.foreign && { livemode: true }),
    });
    await this.webhook('stripe', payment, type, () => this.signStripe(payload));
  }

  private signStripe(payload: string): { raw: string; headers: Record<string, string> } {
    const { stripe: secret } = this.deps.webhookSecrets;
    return {
      raw: payload,
      headers: {
        'content-type': 'application/json',
        'stripe-signature': Stripe.webhooks.generateTestHeaderString({ payload, secret }),
      },
    };
  }

  /** One delivery of an event about a payment that is known. */
  private async stripeEvent(
    type: string,
    object: Record<string, unknown>,
    subject: string,
    isEarly = false,
  ): Promise<void> {
    const id = `evt_${this.deps.random.uuid()}`;
    const payload = JSON.stringify({ id, object: 'event', type, data: { object } });
    const { status, body } = await this.deps.http.call({
      operation: `webhook ${type}`,
      method: 'POST',
      path: '/v1/webhooks/stripe',
      signed: () => this.signStripe(payload),
      expect: [200],
      subject,
    });
    if (status === 200 && (body as { ignored: boolean }).ignored && !isEarly)
      this.deps.journal.violation('what Stripe tells of our payment is kept', subject, type);
  }

  /**
   * An operator orders a refund of the payment.
   * @returns its id; null when more was asked than is left
   */
  async refund({ reference, reservation }: Payment, amount: number): Promise<string | null> {
    const { http, keys, random, journal } = this.deps;
    const call = {
      operation: 'refund',
      method: 'POST',
      path: `/v1/reservations/${reservation}/refunds`,
      key: keys.operator,
      headers: { 'idempotency-key': random.uuid() },
      body: { payment: reference, amount, reason: 'the view was poor' },
      expect: [201, '422 refund_exceeds_payment'],
      subject: reservation,
    } as const;
    const times = random.chance(0.3) ? 2 : 1;
    const answers = await Promise.all(Array.from({ length: times }, () => http.call(call)));
    const ids = new Set(
      answers.map(({ status, body }) => (status === 201 ? (body as { id: string }).id : null)),
    );
    const [id = null] = ids;
    if (ids.size > 1) journal.violation('one key, one refund', reservation, [...ids].join());
    if (id !== null) journal.refunds.set(id, { reference, reservation, amount, failed: false });
    return id;
  }

  /** Stripe tells, twice at times, that a refund which had succeeded came back. */
  async failRefund({ reference, currency }: Payment, id: string, amount: number): Promise<void> {
    const { random } = this.deps;
    const refund = {
      id: `re_${random.uuid()}`,
      object: 'refund',
      amount,
      currency: currency.toLowerCase(),
      status: 'failed',
      failure_reason: 'expired_or_canceled_card',
      payment_intent: reference,
      metadata: { refund_id: id },
    };
    await this.stripeEvent('refund.failed', refund, reference);
    if (random.chance(0.3)) await this.stripeEvent('refund.updated', refund, reference);
  }

  /** The provider tells, twice at times, of a refund that it made by itself. @param isEarly before the payment */
  async refundByProvider(payment: Payment, amount: number, isEarly: boolean): Promise<void> {
    const { random, journal } = this.deps;
    const { reference, reservation, currency } = payment;
    const refund = {
      id: `re_${random.uuid()}`,
      object: 'refund',
      amount,
      currency: currency.toLowerCase(),
      status: 'succeeded',
      payment_intent: reference,
    };
    await this.stripeEvent('refund.created', refund, reference, isEarly);
    if (random.chance(0.3)) await this.stripeEvent('refund.updated', refund, reference, isEarly);
    journal.refundsByProvider.push({ reference, reservation, amount });
  }

  /** A buyer's bank disputes the payment, or the dispute ends. */
  async dispute(
    { reference, reservation, currency }: Payment,
    id: string,
    amount: number,
    status: 'open' | 'won' | 'lost',
  ): Promise<void> {
    const { random, journal } = this.deps;
    const type = status === 'open' ? 'charge.dispute.created' : 'charge.dispute.closed';
    const dispute = {
      id,
      object: 'dispute',
      amount,
      currency: currency.toLowerCase(),
      status: status === 'open' ? 'needs_response' : status,
      payment_intent: reference,
    };
    const times = random.chance(0.3) ? 2 : 1;
    const deliveries = Array.from({ length: times }, () =>
      this.stripeEvent(type, dispute, reference),
    );
    await Promise.all(deliveries);
    journal.disputes.set(id, { reference, reservation, amount, status });
  }

  /** Whoever took the money of refunds that no provider carries out says that it is back. */
  async giveBackByHand(): Promise<void> {
    const { http, keys, journal } = this.deps;
    const key = keys.operator;
    const path = '/v1/refunds?status=pending&limit=200';
    const { body } = await this.get('refunds', path, 'operator');
    for (const { id, by } of (body as { data: { id: string; by: string }[] }).data) {
      if (by !== 'client') continue;
      await http.call({
        operation: 'refund by hand',
        method: 'POST',
        path: `/v1/refunds/${id}/mark-succeeded`,
        key,
        body: { note: 'in cash' },
        expect: [200],
        subject: id,
      });
      journal.happened('a refund by hand');
    }
  }

  async cancel(claim: Claim): Promise<Answer> {
    claim.cancelAsked = true;
    const answer = await this.deps.http.call({
      operation: 'cancel',
      method: 'POST',
      path: `/v1/reservations/${claim.id}/cancel`,
      key: this.deps.keys[claim.client],
      expect: [200, 202, '409 reservation_expired', '409 already_checked_in'],
      subject: claim.id,
    });
    if (answer.status === 202) claim.cancelled.kept = true;
    if (answer.status === 200) {
      claim.cancelled.done = true;
      const { status } = reservationOf(answer);
      if (status !== 'cancelled')
        this.deps.journal.violation('cancel 200 is cancelled', claim.id, `it says ${status}`);
    }
    return answer;
  }

  async extend(claim: Claim): Promise<boolean> {
    const answer = await this.deps.http.call({
      operation: 'extend',
      method: 'POST',
      path: `/v1/reservations/${claim.id}/extend`,
      key: this.deps.keys[claim.client],
      expect: [
        200,
        '409 extension_limit',
        '409 reservation_expired',
        '409 reservation_cancelled',
        '409 reservation_confirmed',
      ],
      subject: claim.id,
    });
    if (answer.status === 200)
      this.deps.journal.extendPromise(claim, reservationOf(answer).expiresAt);
    return answer.status === 200;
  }

  /** The tickets, or null when they are not ready. */
  async tickets(claim: Claim): Promise<Ticket[] | null> {
    const answer = await this.deps.http.call({
      operation: 'tickets',
      method: 'GET',
      path: `/v1/reservations/${claim.id}/tickets`,
      key: this.deps.keys[claim.client],
      expect: [200, '409 tickets_not_ready'],
      subject: claim.id,
    });
    if (answer.status !== 200) return null;
    const { data } = answer.body as { data: Ticket[] };
    for (const { code } of data) claim.codes.add(code);
    return data;
  }

  async ticketsPdf(claim: Claim): Promise<void> {
    const answer = await this.deps.http.call({
      operation: 'tickets.pdf',
      method: 'GET',
      path: `/v1/reservations/${claim.id}/tickets.pdf`,
      key: this.deps.keys[claim.client],
      expect: [200, '409 tickets_not_ready'],
      subject: claim.id,
    });
    const isPdf =
      Buffer.isBuffer(answer.body) && answer.body.subarray(0, 5).toString('latin1') === '%PDF-';
    if (answer.status === 200 && !isPdf)
      this.deps.journal.violation('a PDF is a PDF', claim.id, 'it does not start with %PDF-');
  }

  async resend(claim: Claim): Promise<void> {
    const answer = await this.deps.http.call({
      operation: 'resend',
      method: 'POST',
      path: `/v1/reservations/${claim.id}/resend`,
      key: this.deps.keys[claim.client],
      expect: [202, '409 tickets_not_ready', '403 limit_exceeded'],
      subject: claim.id,
    });
    if (answer.status === 202) claim.resends++;
  }

  async checkIn(claim: Claim, { code, event }: Ticket): Promise<Answer> {
    const wasVoid = claim.cancelled.done || claim.voided.has(code);
    const answer = await this.deps.http.call({
      operation: 'check-in',
      method: 'POST',
      path: '/v1/check-ins',
      key: this.deps.keys.scanner,
      // A scan whose answer is lost is asked again, and told its own answer.
      body: { code, event, scanId: this.deps.random.uuid() },
      expect: [201, '409 already_checked_in', '409 ticket_void'],
      subject: code,
    });
    if (answer.status === 201) claim.entered.set(code, (claim.entered.get(code) ?? 0) + 1);
    if (answer.status === 201 && wasVoid) {
      this.deps.journal.violation('a void ticket is never checked in', claim.id, code);
    }
    return answer;
  }

  /** Changes a hold at once, or quotes a change of a sale; at times asked twice at once. */
  async change(claim: Claim, body: ChangeRequest): Promise<Change | null> {
    const { http, keys, random, journal } = this.deps;
    const call = {
      operation: 'change',
      method: 'POST',
      path: `/v1/reservations/${claim.id}/changes`,
      key: keys[claim.client],
      headers: { 'idempotency-key': random.uuid() },
      body,
      expect: [
        201,
        '403 sale_paused',
        '409 already_checked_in',
        '409 change_open',
        '409 code_used_up',
        '409 payment_in_progress',
        '409 reservation_cancelled',
        '409 reservation_expired',
        '409 seats_unavailable',
      ],
      subject: claim.id,
    } as const;
    const times = random.chance(0.2) ? 2 : 1;
    const answers = await Promise.all(Array.from({ length: times }, () => http.call(call)));
    const made = answers.filter(({ status }) => status === 201);
    const ids = new Set(made.map((answer) => (answer.body as Change).id));
    if (ids.size > 1) journal.violation('one key, one change', claim.id, [...ids].join());
    return made.length === 0 ? null : journal.recordChange(claim, made[0]!.body as Change);
  }

  /** @returns the change as it stands */
  async readChange(claim: Claim, { id }: Change): Promise<Change> {
    const path = `/v1/reservations/${claim.id}/changes/${id}`;
    const { body } = await this.get('read change', path, claim.client);
    return body as Change;
  }

  /** Reads until a quote is open no more, for a while. @returns its status */
  async waitForChange(claim: Claim, change: Change, limitMs: number): Promise<Change['status']> {
    for (const until = Date.now() + limitMs; Date.now() < until;) {
      const { status } = await this.readChange(claim, change);
      if (status !== 'quoted') return status;
      await sleep(250);
    }
    return 'quoted';
  }

  /** Asks to apply a quote, with a payment of a client or for nothing. */
  async confirmChange(claim: Claim, change: Change, payment: Payment | null): Promise<Answer> {
    const { http, keys, journal } = this.deps;
    change.asked = true;
    const answer = await http.call({
      operation: 'confirm change',
      method: 'POST',
      path: `/v1/reservations/${claim.id}/changes/${change.id}/confirm`,
      key: keys[claim.client],
      body: payment
        ? {
            payment: {
              reference: payment.reference,
              amount: payment.amount,
              currency: payment.currency,
            },
          }
        : {},
      expect: [200, 202, '409 change_ended', '409 reservation_cancelled'],
      subject: change.id,
    });
    if (payment) {
      if (answer.lost > 0) payment.uncertain = true;
      if (answer.status < 300) payment.acknowledged.add('confirm');
      else payment.refused = true;
    }
    if (answer.status === 200) journal.recordApplied(claim, change);
    return answer;
  }

  async withdrawChange(claim: Claim, change: Change): Promise<Answer> {
    const answer = await this.deps.http.call({
      operation: 'withdraw change',
      method: 'DELETE',
      path: `/v1/reservations/${claim.id}/changes/${change.id}`,
      key: this.deps.keys[claim.client],
      expect: [200, '409 change_ended', '409 payment_in_progress'],
      subject: change.id,
    });
    if (answer.status === 200) change.answered = 'withdrawn';
    return answer;
  }

  /**
   * An operator keeps seats for the first client.
   * @param until when it ends by itself, RFC 3339
   * @returns null when a seat is not free
   */
  async allot(event: string, seats: readonly string[], until?: string): Promise<Allotment | null> {
    const { http, keys, random, journal } = this.deps;
    const answer = await http.call({
      operation: 'allot',
      method: 'POST',
      path: `/v1/events/${event}/allotments`,
      key: keys.operator,
      headers: { 'idempotency-key': random.uuid() },
      body: { name: 'Sponsors', seats, client: 'demo-client', ...(until && { until }) },
      // A repeated request may come after the end.
      expect: [201, '409 seats_unavailable', ...(until ? ['422 validation_failed'] : [])],
      subject: event,
    });
    if (answer.status !== 201) return null;
    const allotment = { id: (answer.body as Allotment).id, event };
    journal.allotments.set(allotment.id, allotment);
    return allotment;
  }

  async endAllotment({ id, event }: Allotment): Promise<void> {
    await this.deps.http.call({
      operation: 'end allotment',
      method: 'DELETE',
      path: `/v1/events/${event}/allotments/${id}`,
      key: this.deps.keys.operator,
      expect: [204],
      subject: id,
    });
  }

  /** An operator edits an event, which nobody else edits; a repeated request may find its own edit made. */
  async editEvent(event: string, patch: Record<string, unknown>): Promise<void> {
    const { http, keys } = this.deps;
    for (;;) {
      const { headers } = await this.get('event', `/v1/events/${event}`);
      const { status, lost } = await http.call({
        operation: 'edit event',
        method: 'PATCH',
        path: `/v1/events/${event}`,
        key: keys.operator,
        headers: { 'if-match': headers.get('etag') ?? '' },
        body: patch,
        expect: [200, '412 precondition_failed'],
        subject: event,
      });
      if (status === 200) return;
      if (lost === 0) {
        this.deps.journal.violation('nobody else edits an event', event, 'an ETag was old');
        return;
      }
    }
  }

  /** A read of anything else. */
  async get(
    operation: string,
    path: string,
    as?: keyof DevInfo['keys'],
    expect: readonly number[] = [200],
  ) {
    const key = as && this.deps.keys[as];
    return this.deps.http.call({
      operation,
      method: 'GET',
      path,
      expect,
      subject: path,
      ...(key !== undefined && { key }),
    });
  }

  /** Sends a signal as an operator does from the command line; repeats it while Temporal is down. */
  async signal(
    id: string,
    name: 'paymentConfirmed' | 'cancel',
    args: unknown[],
  ): Promise<SignalResult> {
    const { temporal, journal, random, http } = this.deps;
    let result: SignalResult = 'unknown';
    for (let attempt = 0; attempt < SIGNAL_TRIES && result === 'unknown'; attempt++) {
      try {
        const deadline = Date.now() + SIGNAL_TIMEOUT_MS;
        await temporal.connection.withDeadline(deadline, () =>
          temporal.workflow.getHandle(id).signal(name, ...args),
        );
        result = 'taken';
        journal.write({ actor: http.actor, operation: `signal ${name}`, subject: id, args });
      } catch (error) {
        const cause = (error as { cause?: { code?: unknown } }).cause;
        if ((error as Error).name === 'WorkflowNotFoundError' || cause?.code === NOT_FOUND)
          result = 'gone';
        else await sleep(random.between(200, 1_000));
      }
    }
    journal.count(`signal ${name}`, result);
    return result;
  }

  async signalPayment(payment: Payment): Promise<SignalResult> {
    const { reference, reservation, amount, currency } = payment;
    const result = await this.signal(reservation, 'paymentConfirmed', [
      { reference, amount, currency },
    ]);
    if (result === 'taken') payment.acknowledged.add('signal');
    else payment.uncertain = true;
    return result;
  }

  async signalCancel(claim: Claim): Promise<SignalResult> {
    claim.cancelAsked = true;
    const result = await this.signal(claim.id, 'cancel', []);
    if (result === 'taken') claim.cancelled.signalled = true;
    return result;
  }
}
