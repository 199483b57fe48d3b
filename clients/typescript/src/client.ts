import { readEvents } from './events.ts';
import { createKeys, type KeyStore } from './keys.ts';
import { KEYED_CALLS, type components, type paths } from './openapi.ts';
import { HoldfastError } from './problems.ts';
import { createPatience, sendCall, sleep, type Sending } from './send.ts';

type Schemas = components['schemas'];
export type Reservation = Schemas['Reservation'];
export type Ticket = Schemas['Ticket'];
export type NewReservation = Schemas['NewReservation'];

type Method = 'get' | 'post' | 'patch' | 'delete';
interface AnyOperation {
  parameters: { path?: unknown; query?: unknown };
  responses: object;
}
type PathsWith<M extends Method> = {
  [Path in keyof paths]: paths[Path][M] extends AnyOperation ? Path : never;
}[keyof paths];

type JsonOf<Response> = Response extends { content: { 'application/json': infer Json } }
  ? Json
  : undefined;
type Result<Operation> = Operation extends { responses: infer Responses }
  ? JsonOf<Responses[keyof Responses]>
  : never;
type PathOf<Operation> = Operation extends { parameters: { path: infer Path } }
  ? { path: Path }
  : { path?: never };
type QueryOf<Operation> = Operation extends { parameters: { query?: infer Query } }
  ? { query?: Query | undefined }
  : { query?: never };
type BodyOf<Operation> = Operation extends {
  requestBody: { content: { 'application/json': infer Body } };
}
  ? { body: Body }
  : Operation extends { requestBody?: { content: { 'application/json': infer Body } } }
    ? { body?: Body }
    : { body?: never };

/** What calls of every kind take. */
export interface CallOptions {
  /** Ends the call, with its repetitions. */
  signal?: AbortSignal | undefined;
  /** Further headers, as `If-Match`. */
  headers?: Record<string, string> | undefined;
  /** The idempotency key, where you choose it yourself; else one is made and kept. */
  key?: string | undefined;
}
type Input<Operation> = PathOf<Operation> & QueryOf<Operation> & BodyOf<Operation> & CallOptions;
/** Nothing has to be given where neither path nor body have something in them. */
type Inputs<Operation> =
  Record<string, never> extends PathOf<Operation> & BodyOf<Operation>
    ? [input?: Input<Operation>]
    : [input: Input<Operation>];

interface LooseInput extends CallOptions {
  path?: unknown;
  query?: unknown;
  body?: unknown;
}

/** The lists: their answers have `data` and `nextCursor`. */
type ListPaths = {
  [Path in PathsWith<'get'>]: Result<paths[Path]['get']> extends { nextCursor: string | null }
    ? Path
    : never;
}[PathsWith<'get'>];
type ItemOf<Path extends ListPaths> =
  Result<paths[Path]['get']> extends { data: (infer Item)[] } ? Item : never;

/** A page of the feed. Keep `next` once you have handled `data`: it is where you go on. */
export interface FeedPage {
  data: {
    sequence: number;
    at: string;
    type: string;
    actor: string;
    reservation: string | null;
    event: string | null;
    revision: number | null;
    data: Record<string, unknown>;
  }[];
  next: string;
}

/** A change of a seat map; a `snapshot` has every seat, and comes first and after each lost connection. */
export interface SeatsEvent {
  event: string;
  data: Schemas['SeatChange'][];
}

export interface HoldfastOptions extends Sending {
  /** Where idempotency keys and tokens are kept; in memory unless told. In a page: `sessionStorage`. */
  store?: KeyStore | undefined;
}

const FEED_WAIT_SECONDS = 25;
/** What an attempt takes beside its wait for news. */
const BESIDE_WAIT_SECONDS = 10;
const RECONNECT_MS = 1000;
/** A stream says every 15 s that it is still there. */
const SILENCE_MS = 40_000;
const TICKETS_WITHIN_MS = 120_000;
const LOOK_AGAIN_MS = 1000;
const tokenName = (id: string) => `holdfast-token:${id}`;

function fill(template: string, path: unknown, query: unknown): string {
  const values = (path ?? {}) as Record<string, string>;
  const filled = template.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name]!),
  );
  const asked = Object.entries((query ?? {}) as Record<string, unknown>).filter(
    ([, value]) => value !== undefined && value !== null,
  );
  const search = new URLSearchParams(
    Object.fromEntries(asked.map(([name, value]) => [name, String(value)])),
  );
  return asked.length === 0 ? filled : `${filled}?${search}`;
}

const readJson = async (response: Response): Promise<unknown> =>
  response.status === 204 ? undefined : response.json();

/**
 * Holdfast, as a shop's server or its page uses it. Each call is sent again where that may help, under
 * the same idempotency key, and throws a `HoldfastError` when it is refused or not answered.
 */
export class Holdfast {
  readonly #options: HoldfastOptions;
  readonly #underKey: ReturnType<typeof createKeys>;
  readonly #tokens = new Map<string, string>();

  constructor(options: HoldfastOptions) {
    this.#options = options;
    this.#underKey = createKeys(options.store);
  }

  async #send<Answer>(
    method: string,
    template: string,
    { path, query, body, headers, key, signal }: LooseInput,
    read: (response: Response, keepOpen: () => void) => Promise<Answer>,
  ): Promise<Answer> {
    const { id } = (path ?? {}) as { id?: string };
    const token = id === undefined ? undefined : await this.#tokenOf(id);
    const sent = (idempotencyKey: string | undefined) =>
      sendCall(
        this.#options,
        {
          method,
          path: fill(template, path, query),
          headers: {
            ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
            ...(token !== undefined && { 'reservation-token': token }),
            ...headers,
          },
          body,
          signal,
        },
        read,
      );
    if (key !== undefined || !KEYED_CALLS.includes(`${method} ${template}`)) return sent(key);
    return this.#underKey({ name: `${method} ${fill(template, path, query)}`, body }, sent);
  }

  /** A call of the API: its path as in the document, then what goes in. */
  get<Path extends PathsWith<'get'>>(path: Path, ...[input]: Inputs<paths[Path]['get']>) {
    return this.#call<paths[Path]['get']>('GET', path, input);
  }

  post<Path extends PathsWith<'post'>>(path: Path, ...[input]: Inputs<paths[Path]['post']>) {
    return this.#call<paths[Path]['post']>('POST', path, input);
  }

  patch<Path extends PathsWith<'patch'>>(path: Path, ...[input]: Inputs<paths[Path]['patch']>) {
    return this.#call<paths[Path]['patch']>('PATCH', path, input);
  }

  delete<Path extends PathsWith<'delete'>>(path: Path, ...[input]: Inputs<paths[Path]['delete']>) {
    return this.#call<paths[Path]['delete']>('DELETE', path, input);
  }

  #call<Operation>(
    method: string,
    path: string,
    input: LooseInput = {},
  ): Promise<Result<Operation>> {
    return this.#send(method, path, input, readJson) as Promise<Result<Operation>>;
  }

  /** Holds seats. Of a page's hold the token is kept, and sent with each further call about it. */
  async hold(body: NewReservation, options: CallOptions = {}): Promise<Reservation> {
    const held = await this.post('/v1/reservations', { body, ...options });
    if (held.token !== undefined) await this.useToken(held.id, held.token);
    return held;
  }

  /** Goes on with a reservation whose token was kept elsewhere. */
  async useToken(id: string, token: string): Promise<void> {
    this.#tokens.set(id, token);
    await this.#options.store?.setItem(tokenName(id), token);
  }

  async #tokenOf(id: string): Promise<string | undefined> {
    return this.#tokens.get(id) ?? (await this.#options.store?.getItem(tokenName(id))) ?? undefined;
  }

  /** The reservation as it stands. */
  reservation(id: string, options: CallOptions = {}): Promise<Reservation> {
    return this.get('/v1/reservations/{id}', { path: { id }, ...options });
  }

  /** Names the buyer, or changes the shop's own words. */
  update(
    id: string,
    body: Schemas['ReservationPatch'],
    options: CallOptions = {},
  ): Promise<Reservation> {
    return this.patch('/v1/reservations/{id}', { path: { id }, body, ...options });
  }

  extend(id: string, options: CallOptions = {}): Promise<Reservation> {
    return this.post('/v1/reservations/{id}/extend', { path: { id }, ...options });
  }

  /** `held` in the answer: the cancel is kept, and will be carried out. */
  cancel(id: string, options: CallOptions = {}): Promise<Reservation> {
    return this.post('/v1/reservations/{id}/cancel', { path: { id }, body: {}, ...options });
  }

  /**
   * Confirms with a payment that the shop took itself; without one where there is nothing to pay.
   * `held` in the answer: the payment is kept, and will be applied.
   */
  confirm(
    id: string,
    payment?: Schemas['PaymentClaim'],
    options: CallOptions = {},
  ): Promise<Reservation> {
    const body = payment ? { payment } : {};
    return this.post('/v1/reservations/{id}/confirm', { path: { id }, body, ...options });
  }

  /**
   * Waits until a reservation that is paid for has its tickets.
   * @throws HoldfastError when there will be none (expired, cancelled), or not in time: then
   * `tickets_not_ready`, or `reservation_not_confirmed` while no payment has come
   */
  async waitForTickets(
    id: string,
    { timeoutMs = TICKETS_WITHIN_MS, ...options }: CallOptions & { timeoutMs?: number } = {},
  ): Promise<Ticket[]> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      try {
        const { data } = await this.get('/v1/reservations/{id}/tickets', {
          path: { id },
          ...options,
        });
        return data;
      } catch (error) {
        const isOnTheWay =
          error instanceof HoldfastError &&
          (error.code === 'tickets_not_ready' || error.code === 'reservation_not_confirmed');
        if (!isOnTheWay) throw error;
        const { retryAfter } = error;
        const waitMs = retryAfter === undefined ? LOOK_AGAIN_MS : retryAfter * 1000;
        if (Date.now() + waitMs > end) throw error;
        await sleep(waitMs, options.signal);
      }
    }
  }

  /** The tickets as one PDF. */
  ticketsPdf(id: string, options: CallOptions = {}): Promise<Blob> {
    return this.#send(
      'GET',
      '/v1/reservations/{id}/tickets.pdf',
      { path: { id }, ...options, headers: { accept: 'application/pdf', ...options.headers } },
      (response) => response.blob(),
    );
  }

  /** Every entry of a list, page by page, as `for await (const one of holdfast.list('/v1/reservations'))`. */
  async *list<Path extends ListPaths>(
    path: Path,
    input?: Omit<CallOptions, 'key'> & PathOf<paths[Path]['get']> & QueryOf<paths[Path]['get']>,
  ): AsyncGenerator<ItemOf<Path>, void, undefined> {
    const given: LooseInput = input ?? {};
    let cursor: string | null = null;
    do {
      const query = { ...(given.query as object | undefined), ...(cursor !== null && { cursor }) };
      const answer = await this.#send('GET', path, { ...given, query }, readJson);
      const page = answer as { data: ItemOf<Path>[]; nextCursor: string | null };
      yield* page.data;
      cursor = page.nextCursor;
    } while (cursor !== null);
  }

  /**
   * What happens, in order and without an end: pages as they come. Each entry comes at least once.
   * @param after `next` of the page that you handled last; `now`: only what happens from now on;
   * none: from the beginning of what is kept
   */
  async *feed({ after, signal }: { after?: string; signal?: AbortSignal } = {}): AsyncGenerator<
    FeedPage,
    void,
    undefined
  > {
    const { timeoutMs = Infinity } = this.#options;
    const most = Math.max(1, Math.floor(timeoutMs / 1000) - BESIDE_WAIT_SECONDS);
    const wait = Math.min(FEED_WAIT_SECONDS, most);
    const connect = createPatience(signal);
    for (let next = after; ;) {
      const query = { after: next, wait };
      const input = { query, signal };
      const page = await connect(
        () => this.#send('GET', '/v1/feed', input, readJson) as Promise<FeedPage>,
      );
      if (page.data.length > 0 || next === undefined || next === 'now') yield page;
      next = page.next;
    }
  }

  /**
   * The live seat map of an event, without an end; a lost connection is made anew.
   * @param silenceMs after so long without a byte the connection counts as lost
   */
  async *seats(
    event: string,
    { signal, silenceMs = SILENCE_MS }: { signal?: AbortSignal; silenceMs?: number } = {},
  ): AsyncGenerator<SeatsEvent, void, undefined> {
    const input = { path: { event }, signal, headers: { accept: 'text/event-stream' } };
    const open = async (response: Response, keepOpen: () => void) => {
      keepOpen();
      return response.body!;
    };
    const connect = createPatience(signal);
    for (;;) {
      const body = await connect(() => this.#send('GET', '/v1/events/{event}/stream', input, open));
      try {
        for await (const { event: name, data } of readEvents(body, silenceMs)) {
          const changes = JSON.parse(data) as { data: SeatsEvent['data'] };
          yield { event: name, data: changes.data };
        }
      } catch {
        // A connection that breaks is as one that ends.
        signal?.throwIfAborted();
      }
      await sleep(RECONNECT_MS, signal);
    }
  }
}
