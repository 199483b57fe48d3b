import {
  Holdfast,
  HoldfastError,
  isHoldfastError,
  type components,
} from '../../../clients/typescript/src/index.ts';

type Schemas = components['schemas'];
export type Event = Schemas['Event'];
export type Amounts = Schemas['OrderAmounts'];
export type Reservation = Schemas['Reservation'];
export type Ticket = Schemas['Ticket'];
export type Change = Schemas['NewChange'];
export type Order = Schemas['NewPricePreview'] & { event: string };
export { HoldfastError, isHoldfastError };

export interface SeatWish {
  label: string;
  priceType: string;
}

export interface Buyer {
  name: string;
  email: string;
}

/** How long a buyer looks at a page that waits for the API, with all repetitions, before it says so. */
const PATIENCE_MS = 20_000;
const MOST_EVENTS = 1000;

/** Milliseconds between the server's clock and `performance.now()`, which no wrong clock of a machine touches. */
let serverClock: number | null = null;

/** The time at the server, in milliseconds since 1970, as far as its answers have told it. */
export const serverNow = (): number =>
  serverClock === null ? Date.now() : serverClock + performance.now();

/** `fetch`, which learns from each answer what time it is. */
async function fetchWithTime(...request: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...request);
  const date = Date.parse(response.headers.get('date') ?? '');
  // The header counts whole seconds, so it is half of one behind, on average.
  if (!Number.isNaN(date)) serverClock = date + 500 - performance.now();
  return response;
}

/**
 * The calls that a shop window makes, with a publishable key. A call that did not get through is sent again with the
 * same key: it takes effect once.
 */
export function createClient(publishableKey: string) {
  const holdfast = new Holdfast({
    url: location.origin,
    key: publishableKey,
    patienceMs: PATIENCE_MS,
    fetch: fetchWithTime,
  });
  return {
    /** Those that have not begun, up to a thousand. */
    async events() {
      const events: Event[] = [];
      for await (const event of holdfast.list('/v1/events', {
        query: { upcoming: true, limit: 200 },
      })) {
        events.push(event);
        if (events.length === MOST_EVENTS) break;
      }
      return events;
    },
    event: (event: string) => holdfast.get('/v1/events/{event}', { path: { event } }),
    preview: (body: Order) => holdfast.post('/v1/price-previews', { body }),
    hold: (id: string, body: Order) => holdfast.hold(body, { key: id }),
    /** The calls about one reservation, as who holds its token. */
    of(id: string, token: string | null) {
      const path = { id };
      const withToken = async <Result>(call: () => Promise<Result>): Promise<Result> => {
        if (token !== null) await holdfast.useToken(id, token);
        return call();
      };
      return {
        read: () => withToken(() => holdfast.reservation(id)),
        setBuyer: (buyer: Buyer) => withToken(() => holdfast.update(id, { buyer })),
        extend: () => withToken(() => holdfast.extend(id)),
        cancel: () => withToken(() => holdfast.cancel(id)),
        change: (body: Change) =>
          withToken(() => holdfast.post('/v1/reservations/{id}/changes', { path, body })),
        confirmChange: (change: string) =>
          withToken(() =>
            holdfast.post('/v1/reservations/{id}/changes/{change}/confirm', {
              path: { id, change },
              body: {},
            }),
          ),
        withdrawChange: (change: string) =>
          withToken(() =>
            holdfast.delete('/v1/reservations/{id}/changes/{change}', { path: { id, change } }),
          ),
        tickets: () => withToken(() => holdfast.waitForTickets(id)),
        pdf: () => withToken(() => holdfast.ticketsPdf(id)),
        /** What a payment provider would tell: outside production only. */
        testPay: (outcome: 'succeeds' | 'fails') =>
          withToken(() =>
            holdfast.post('/v1/test-helpers/reservations/{id}/pay', { path, body: { outcome } }),
          ),
        testExpire: () =>
          withToken(() => holdfast.post('/v1/test-helpers/reservations/{id}/expire', { path })),
      };
    },
  };
}

export type Client = ReturnType<typeof createClient>;
