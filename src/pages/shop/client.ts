import type { Money } from '../../domain/money';

/** What the shop window reads of the API's answers; what it does not use is left out. */
export interface Event {
  slug: string;
  name: string;
  venue: string | null;
  startsAt: string;
  timeZone: string;
  currency: string;
  salesOpenAt: string | null;
  salesCloseAt: string | null;
  salesPaused?: boolean;
  maxSeatsPerReservation: number;
  priceTypes: { code: string; name: string }[];
  categories: { code: string; name: string; price: Money; prices: Record<string, Money> }[];
}

export interface Amounts {
  tickets: Money;
  discount: Money;
  fees: Money;
  tax: Money;
  taxIncluded: boolean;
  total: Money;
}

export interface SeatWish {
  label: string;
  priceType: string;
}

export interface Order {
  event: string;
  seats?: SeatWish[];
  bestAvailable?: { category: string; quantity: number; priceTypes: Record<string, number> };
  code?: string;
}

export interface Reservation {
  id: string;
  status: 'held' | 'confirmed' | 'expired' | 'cancelled';
  seats: { label: string; category: string; priceType: string; price: Money }[];
  amounts: Amounts & { refunded: Money };
  code: string | null;
  buyer: Buyer | null;
  expiresAt: string;
  cancelRequestedAt: string | null;
  payments: { status: string; amount: Money }[];
  token?: string;
}

export interface Buyer {
  name: string;
  email: string;
}

export interface Ticket {
  code: string;
  seat: string;
  status: string;
}

export interface Change {
  release?: string[];
  take?: { event: string; seats: SeatWish[] }[];
  priceTypes?: { seat: string; priceType: string }[];
}

/** A refusal of the API; `offline` when there was no answer at all. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    readonly detail: string,
    readonly seats: readonly string[],
  ) {
    super(detail);
  }
}

interface Call {
  body?: unknown;
  key?: string;
  token?: string | null;
}

const TRIES = 4;
const PAUSE_MS = 700;
const LIMIT_MS = 15_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds between the server's clock and `performance.now()`, which no wrong clock of a machine touches. */
let serverClock: number | null = null;

/** The time at the server, in milliseconds since 1970, as far as its answers have told it. */
export const serverNow = (): number =>
  serverClock === null ? Date.now() : serverClock + performance.now();

function learnTime(response: Response): void {
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header counts whole seconds, so it is half of one behind, on average.
  if (!Number.isNaN(date)) serverClock = date + 500 - performance.now();
}

async function refusalOf(response: Response): Promise<Refusal> {
  const problem = (await response.json().catch(() => ({}))) as {
    code?: string;
    detail?: string;
    seats?: string[];
  };
  return new Refusal(
    problem.code ?? 'other',
    problem.detail ?? response.statusText,
    problem.seats ?? [],
  );
}

/**
 * The calls that a shop window makes, with a publishable key. A call that did not get through is sent again with the
 * same key: it takes effect once.
 */
export function createClient(publishableKey: string) {
  async function send(method: string, path: string, { body, key, token }: Call): Promise<Response> {
    const response = await fetch(path, {
      method,
      headers: {
        // What everybody may read is asked for without a key: as the page has asked already.
        ...(!path.startsWith('/v1/events') && { authorization: `Bearer ${publishableKey}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { 'idempotency-key': key }),
        ...(token && { 'reservation-token': token }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    learnTime(response);
    return response;
  }

  async function call(method: string, path: string, options: Call = {}): Promise<Response> {
    for (let tries = 1; ; tries++) {
      let response: Response | null = null;
      try {
        response = await send(method, path, options);
      } catch {
        if (tries >= TRIES) throw new Refusal('offline', '', []);
      }
      if (response?.ok) return response;
      if (response && ((response.status !== 503 && response.status !== 429) || tries >= TRIES))
        throw await refusalOf(response);
      const seconds = Number(response?.headers.get('retry-after') ?? 0);
      await pause(Math.min(5000, Math.max(1000 * seconds, PAUSE_MS * tries)));
    }
  }

  const json = async <Body>(method: string, path: string, options?: Call): Promise<Body> =>
    (await (await call(method, path, options)).json()) as Body;
  const at = (id: string, rest = '') => `/v1/reservations/${encodeURIComponent(id)}${rest}`;

  return {
    events: () => json<{ data: Event[] }>('GET', '/v1/events?limit=100'),
    event: (slug: string) => json<Event>('GET', `/v1/events/${encodeURIComponent(slug)}`),
    preview: (order: Order) =>
      json<{ amounts: Amounts }>('POST', '/v1/price-previews', { body: order }),
    hold: (id: string, order: Order) =>
      json<Reservation>('POST', '/v1/reservations', { body: order, key: id }),
    /** The calls about one reservation, as who holds its token. */
    of(id: string, token: string | null) {
      return {
        read: () => json<Reservation>('GET', at(id), { token }),
        setBuyer: (buyer: Buyer) => json<Reservation>('PATCH', at(id), { token, body: { buyer } }),
        extend: () => json<Reservation>('POST', at(id, '/extend'), { token }),
        cancel: () => json<Reservation>('POST', at(id, '/cancel'), { token }),
        change: (key: string, body: Change) =>
          json<{ id: string; status: string; refund: Money | null }>('POST', at(id, '/changes'), {
            token,
            key,
            body,
          }),
        confirmChange: (change: string) =>
          json<unknown>('POST', at(id, `/changes/${change}/confirm`), { token, body: {} }),
        withdrawChange: (change: string) => call('DELETE', at(id, `/changes/${change}`), { token }),
        tickets: () => json<{ data: Ticket[] }>('GET', at(id, '/tickets'), { token }),
        pdf: async () => (await call('GET', at(id, '/tickets.pdf'), { token })).blob(),
      };
    },
    /** What a payment provider would tell: outside production only. */
    testPay: (id: string, token: string | null, outcome: 'succeeds' | 'fails') =>
      call('POST', `/v1/test-helpers/reservations/${encodeURIComponent(id)}/pay`, {
        token,
        body: { outcome },
      }),
    testExpire: (id: string, token: string | null) =>
      call('POST', `/v1/test-helpers/reservations/${encodeURIComponent(id)}/expire`, { token }),
  };
}

export type Client = ReturnType<typeof createClient>;
