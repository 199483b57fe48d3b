import { setTimeout as sleep } from 'node:timers/promises';
import type { Client as TemporalClient } from '@temporalio/client';
import type { DevInfo } from '../product';
import type { Journal } from './journal';
import { Abandoned, HttpClient } from './http-client';
import { createRandom } from './random';
import { categoriesAt, FEE } from './sale-scenarios';
import { codeOf, TERMS_PERCENT, type Catalogue, type Context } from './scenario-steps';
import { missingScenarios, SCENARIOS } from './scenarios';
import { Shop } from './shop';

export interface LoadOptions {
  journal: Journal;
  seed: number;
  concurrency: number;
  apiUrl: () => string;
  info: Pick<DevInfo, 'keys' | 'webhookSecrets'>;
  temporal: TemporalClient;
  /** Requests without an answer by then are violations. */
  giveUp: AbortSignal;
}

export interface Load {
  /** Scenarios started and ended. */
  progress(): { begun: number; ended: number };
  /** Starts no new scenario. Resolves when all have ended. */
  finish(): Promise<void>;
  /** Delivers the payments that were kept until after the faults. @returns how many */
  deliverAfterFaults(): Promise<number>;
  /** Refunds by hand are given back until then. */
  close(): Promise<void>;
}

const EVENTS_ON_SALE = 4;
/** Every so many events one has terms. */
const TERMS_EVERY = 3;
/** Uses of an event's code. */
const CODE_USES = 3;
const NEW_EVENT_EVERY_MS = 12_000;
const GIVE_BACK_EVERY_MS = 3_000;
/** How often a buyer does what has not happened yet. */
const MISSING_FIRST = 0.4;
/** The same once the faults have ended, when the load goes on for nothing else. */
const MISSING_AFTERWARDS = 0.9;

/** Small events, so that buyers collide, with holds of a few seconds. */
function eventBody(slug: string, ttl: number, hasTerms: boolean): Record<string, unknown> {
  const rows = ['A', 'B'].map((name) => ({ name, seats: 10 }));
  return {
    slug,
    name: 'Hamlet',
    venue: 'Theatre',
    startsAt: '2035-03-14T19:00:00Z',
    timeZone: 'Europe/Prague',
    currency: 'EUR',
    holdTtlSeconds: ttl,
    holdCapSeconds: 3 * ttl,
    priceTypes: [
      { code: 'adult', name: 'Adult' },
      { code: 'child', name: 'Child' },
    ],
    categories: categoriesAt(4500),
    fees: [{ code: 'booking', name: 'Booking fee', per: 'ticket', amount: FEE }],
    refundTerms: hasTerms ? [{ untilSecondsBeforeStart: 0, percent: String(TERMS_PERCENT) }] : null,
    sections: [
      { name: 'Stalls', category: 'stalls', rows },
      { name: 'Floor', category: 'floor', places: 40 },
    ],
  };
}

/** Starts the simulated buyers; opens the first events before it returns. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { journal, seed, apiUrl, info, temporal, giveUp } = options;
  const stopping = new AbortController();
  const counts = { begun: 0, ended: 0 };
  const events: string[] = [];
  const eventsWithTerms: string[] = [];
  const catalogue: Catalogue = {
    events: () => events.slice(-EVENTS_ON_SALE),
    eventsWithTerms: () => eventsWithTerms.slice(-EVENTS_ON_SALE),
    beingEdited: new Set(),
  };

  const contextOf = (actor: string, until: AbortSignal = giveUp): Context => {
    const random = createRandom(seed, actor);
    const http = new HttpClient(apiUrl, journal, random, until, actor);
    return { catalogue, shop: new Shop({ http, journal, random, temporal, ...info }) };
  };

  async function openEvent({ shop }: Context): Promise<void> {
    const { random, http } = shop.deps;
    const hasTerms = eventsWithTerms.length * TERMS_EVERY <= events.length;
    const slug = hasTerms
      ? `chaos-terms-${eventsWithTerms.length + 1}`
      : `chaos-${events.length + 1}`;
    await http.call({
      operation: 'new event',
      method: 'POST',
      path: '/v1/events',
      key: info.keys.operator,
      body: eventBody(slug, random.between(2, 6), hasTerms),
      // 409: created by an attempt whose answer was lost.
      expect: [201, '409 slug_taken'],
      subject: slug,
    });
    journal.events.add(slug);
    const code = codeOf(slug);
    await http.call({
      operation: 'new code',
      method: 'POST',
      path: '/v1/codes',
      key: info.keys.operator,
      headers: { 'idempotency-key': random.uuid() },
      body: { code, percent: '10', maxUses: CODE_USES },
      expect: [201],
      subject: code,
    });
    journal.codes.set(code, CODE_USES);
    (hasTerms ? eventsWithTerms : events).push(slug);
  }

  const pause = (ms: number): Promise<void> =>
    sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  async function keepOpeningEvents(context: Context): Promise<void> {
    for (;;) {
      await pause(NEW_EVENT_EVERY_MS);
      if (stopping.signal.aborted) return;
      await openEvent(context).catch(unlessAbandoned);
    }
  }

  const closing = new AbortController();
  async function keepGivingBack({ shop }: Context): Promise<void> {
    while (!closing.signal.aborted) {
      await shop.giveBackByHand().catch(unlessAbandoned);
      await sleep(GIVE_BACK_EVERY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  async function buy(context: Context): Promise<void> {
    const { random } = context.shop.deps;
    while (!stopping.signal.aborted) {
      counts.begun++;
      const missing = missingScenarios(journal);
      const scenario =
        missing.length > 0 &&
        random.chance(journal.isWithoutFaults ? MISSING_AFTERWARDS : MISSING_FIRST)
          ? random.pick(missing)
          : random.weighed(SCENARIOS);
      await scenario(context).catch(unlessAbandoned);
      counts.ended++;
      await pause(random.between(50, 1_200));
    }
  }

  const boxOffice = contextOf('box office');
  while (events.length < EVENTS_ON_SALE) await openEvent(boxOffice);
  const working = [keepOpeningEvents(boxOffice)];
  for (let index = 1; index <= options.concurrency; index++)
    working.push(buy(contextOf(`buyer ${index}`)));
  const ended = Promise.all(working);
  const givingBack = keepGivingBack(contextOf('cashier', closing.signal));
  // `finish` and `close` report the errors.
  ended.catch(() => undefined);
  givingBack.catch(() => undefined);

  return {
    progress: () => ({ ...counts }),
    async finish() {
      stopping.abort();
      await ended;
    },
    async deliverAfterFaults() {
      const deliveries = journal.afterFaults.splice(0);
      await Promise.all(deliveries.map((delivery) => delivery().catch(unlessAbandoned)));
      return deliveries.length;
    },
    async close() {
      closing.abort();
      await givingBack;
    },
  };
}

function unlessAbandoned(error: unknown): void {
  if (!(error instanceof Abandoned)) throw error;
}
