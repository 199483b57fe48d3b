import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import Stripe from 'stripe';
import { Webhook } from 'standardwebhooks';
import type { DevInfo } from '../../src/cli/dev-info';
import type { ReservationState } from '../../src/contracts/reservation';
import { ResponseSchemas, type OpenApiDocument } from './response-schema';

export interface Answer<Body = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: Body;
}

export type Reservation = Omit<Required<ReservationState>, 'event'> & {
  /** The tests' orders are for one event, unless they say so. */
  event: string;
  buyer: { name: string; email: string } | null;
  reference: string | null;
  metadata: Record<string, string>;
};

export interface Ticket {
  code: string;
  seat: string;
  holder: string;
  status: 'valid' | 'used' | 'void';
}

export interface Seat {
  label: string;
  section: string;
  row: string | null;
  number: string | null;
  category: string;
  price: { amount: number; currency: string };
  x: number | null;
  y: number | null;
  accessible: boolean;
  companion: boolean;
  active: boolean;
  status: 'available' | 'held' | 'sold' | 'blocked';
}

export interface Payment {
  reference: string;
  reservation: string;
  reservationExists: boolean;
  amount: { amount: number; currency: string };
  source: string;
  status: 'captured' | 'refunding' | 'refunded';
  refundReason: string | null;
  refundError: string | null;
}

export interface Note {
  id: string;
  kind: string;
  reservation: string;
  reference: string | null;
  data: Record<string, unknown>;
  closedAt: string | null;
  closedBy: string | null;
}

export interface HistoryEntry {
  at: string;
  type: string;
  actor: string;
  data: Record<string, unknown>;
}

export interface Page<Item> {
  data: Item[];
  nextCursor: string | null;
}

export interface CallOptions {
  key?: string | null;
  body?: unknown;
  /** Sent as it is, instead of `body`. */
  raw?: string | Buffer;
  headers?: Record<string, string>;
}

interface CommandOptions extends CallOptions {
  /** Takes 202 for an answer, where no workflow can do it now. */
  once?: boolean;
}

/** A client of the API under test, with the shop's and the providers' usual gestures. It checks every answer's form. */
export class ApiClient {
  private schemas: Promise<ResponseSchemas> | undefined;

  constructor(readonly info: DevInfo) {}

  /** The document that the server hands out, against which every answer is held. */
  async openApi(): Promise<OpenApiDocument> {
    return (await (await fetch(`${this.info.apiUrl}/openapi.json`)).json()) as OpenApiDocument;
  }

  async call<Body = Record<string, unknown>>(
    method: string,
    path: string,
    options: CallOptions = {},
  ): Promise<Answer<Body>> {
    const { key = this.info.keys.client, body, raw, headers } = options;
    const response = await fetch(this.info.apiUrl + path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...((body !== undefined || raw !== undefined) && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: raw ?? (body === undefined ? undefined : JSON.stringify(body)),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    const json: unknown = contentType.includes('json') ? JSON.parse(text) : undefined;
    this.schemas ??= this.openApi().then((document) => new ResponseSchemas(document));
    (await this.schemas).check({ method, path, status: response.status, contentType, json });
    const parsed = json ?? text;
    return { status: response.status, headers: response.headers, body: parsed as Body };
  }

  /** Makes a small event: rows A and B of ten, a floor of fifty. @returns its slug */
  async event(overrides: Record<string, unknown> = {}): Promise<string> {
    const slug = `event-${randomUUID().slice(0, 8)}`;
    const body = {
      slug,
      name: 'Hamlet',
      venue: 'Theatre',
      startsAt: '2030-03-14T19:00:00Z',
      timeZone: 'Europe/Prague',
      currency: 'EUR',
      categories: [
        { code: 'stalls', name: 'Stalls', price: 4500 },
        { code: 'floor', name: 'Floor', price: 2000 },
      ],
      sections: [
        {
          name: 'Stalls',
          category: 'stalls',
          rows: [
            { name: 'A', seats: 10 },
            { name: 'B', seats: 10 },
          ],
        },
        { name: 'Floor', category: 'floor', places: 50 },
      ],
      ...overrides,
    };
    const answer = await this.call('POST', '/v1/events', { key: this.info.keys.operator, body });
    if (answer.status !== 201) throw new Error(`No event: ${JSON.stringify(answer.body)}`);
    return body.slug;
  }

  hold(
    event: string,
    seats: string[],
    options: CallOptions & { id?: string; email?: string } = {},
  ): Promise<Answer<Reservation>> {
    const { id = randomUUID(), email = `${id.slice(0, 8)}@example.org`, ...rest } = options;
    return this.call<Reservation>('POST', '/v1/reservations', {
      body: { event, seats, buyer: { name: 'Ada Lovelace', email } },
      ...rest,
      headers: { 'idempotency-key': id, ...rest.headers },
    });
  }

  /** Holds seats and expects to get them. */
  async held(
    event: string,
    seats: string[],
    options?: Parameters<ApiClient['hold']>[2],
  ): Promise<Reservation> {
    const answer = await this.hold(event, seats, options);
    if (answer.status !== 201)
      throw new Error(`Not held: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get(id: string, key = this.info.keys.operator): Promise<Answer<Reservation>> {
    return this.call<Reservation>('GET', `/v1/reservations/${id}`, { key });
  }

  confirm(
    reservation: Pick<Reservation, 'id' | 'total'>,
    reference: string = `pay-${randomUUID()}`,
    options: CommandOptions = {},
  ) {
    const body = { payment: { reference, ...reservation.total } };
    return this.ask(`/v1/reservations/${reservation.id}/confirm`, { body, ...options });
  }

  cancel(id: string, options: CommandOptions = {}) {
    return this.ask(`/v1/reservations/${id}/cancel`, options);
  }

  /**
   * Asks for what a workflow does. The API waits a few seconds for it and then answers 202; on a busy machine it takes
   * longer, so the same request is sent again.
   */
  async ask<Body = Reservation>(
    path: string,
    { once = false, ...options }: CommandOptions = {},
  ): Promise<Answer<Body>> {
    const send = () => this.call<Body>('POST', path, options);
    if (once) return send();
    return eventually(async () => {
      const answer = await send();
      if (answer.status === 202) throw new Error(`${path} is not done yet`);
      return answer;
    });
  }

  /** A payment by the Standard Webhooks rules, signed with their library. */
  standard(
    data: unknown,
    {
      type = 'payment.succeeded',
      id = `msg_${randomUUID()}`,
      secret = this.info.webhookSecrets.standard,
      at = new Date(),
    } = {},
  ) {
    const raw = JSON.stringify({ type, data });
    const signature = new Webhook(secret).sign(id, at, raw);
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': signature,
    };
    return this.call('POST', '/v1/webhooks/standard', { key: null, raw, headers });
  }

  /** An event of Stripe, signed with its library. @param options.more of the event, beside its object */
  stripe(
    type: string,
    object: unknown,
    {
      id = `evt_${randomUUID()}`,
      secret = this.info.webhookSecrets.stripe,
      timestamp = Math.floor(Date.now() / 1000),
      more = {},
    } = {},
  ) {
    const raw = JSON.stringify({ id, object: 'event', type, ...more, data: { object } });
    const signature = Stripe.webhooks.generateTestHeaderString({ payload: raw, secret, timestamp });
    return this.call('POST', '/v1/webhooks/stripe', {
      key: null,
      raw,
      headers: { 'stripe-signature': signature },
    });
  }

  pay(reservation: Pick<Reservation, 'id' | 'total'>, reference: string = `pay-${randomUUID()}`) {
    return this.standard({ reservation: reservation.id, reference, ...reservation.total });
  }

  async seats(event: string): Promise<Seat[]> {
    return (await this.call<{ data: Seat[] }>('GET', `/v1/events/${event}/seats`, { key: null }))
      .body.data;
  }

  async seatStatus(event: string, label: string): Promise<string> {
    const seat = (await this.seats(event)).find((one) => one.label === label);
    if (!seat) throw new Error(`There is no seat ${label}`);
    return seat.status;
  }

  async history(id: string, key = this.info.keys.operator): Promise<HistoryEntry[]> {
    return (
      await this.call<Page<HistoryEntry>>('GET', `/v1/reservations/${id}/history?limit=200`, {
        key,
      })
    ).body.data;
  }

  /** The operator's latest notes, newest first. @param open only those that are open, or closed */
  async notes(open?: boolean): Promise<Note[]> {
    const path = `/v1/notes?limit=200${open === undefined ? '' : `&open=${open}`}`;
    return (await this.call<Page<Note>>('GET', path, { key: this.info.keys.operator })).body.data;
  }

  /** What was told of a reservation's payments, newest first. */
  async payments(reservation: string): Promise<Payment[]> {
    const path = `/v1/payments?reservation=${encodeURIComponent(reservation)}`;
    return (await this.call<Page<Payment>>('GET', path, { key: this.info.keys.operator })).body
      .data;
  }

  /** Waits for the tickets of a confirmed reservation. */
  async tickets(id: string, timeoutMs = PATIENCE_MS): Promise<Ticket[]> {
    return eventually(async () => {
      const key = this.info.keys.operator;
      const answer = await this.call<{ data: Ticket[] }>('GET', `/v1/reservations/${id}/tickets`, {
        key,
      });
      if (answer.status !== 200)
        throw new Error(`No tickets of ${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body.data;
    }, timeoutMs);
  }

  /** Holds seats and pays for them as a client that took the money itself. */
  async sold(
    event: string,
    seats: string[],
    options?: Parameters<ApiClient['hold']>[2],
  ): Promise<Reservation> {
    const held = await this.held(event, seats, options);
    const { status, body } = await this.confirm(held);
    if (status !== 200) throw new Error(`Not confirmed: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  /** Waits until the reservation has the status. */
  async until(id: string, status: string, timeoutMs = PATIENCE_MS): Promise<Reservation> {
    return eventually(async () => {
      const { body } = await this.get(id);
      if (body.status !== status) throw new Error(`${id} is ${body.status}, not ${status}`);
      return body;
    }, timeoutMs);
  }
}

/** Status and code of an answer: what a client acts on when it is refused. */
export function refusal({ status, body }: Answer<unknown>): [number, unknown] {
  return [status, (body as { code?: unknown }).code];
}

/** Far more than a busy machine needs, and less than the limit of a test: what never comes fails with its own error. */
const PATIENCE_MS = 150_000;

/** Tries until it does not throw; the last error is thrown when the time is over. */
export async function eventually<T>(
  look: () => Promise<T> | T,
  timeoutMs = PATIENCE_MS,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await delay(100);
    }
  }
}
