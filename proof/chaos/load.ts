import { setTimeout as sleep } from 'node:timers/promises';
import type { Client as TemporalClient } from '@temporalio/client';
import type { DevInfo } from '../product';
import type { Book } from './book';
import { Abandoned, HttpClient } from './http-client';
import { createRandom } from './random';
import { SCENARIOS, type Scene } from './scenarios';
import { Shop } from './shop';

export interface LoadOptions {
  book: Book;
  seed: number;
  concurrency: number;
  apiUrl: () => string;
  info: Pick<DevInfo, 'keys' | 'webhookSecrets'>;
  temporal: TemporalClient;
  /** Requests that are still unanswered then are given up, which is a violation. */
  giveUp: AbortSignal;
}

export interface Load {
  /** Scenarios begun and ended. */
  progress(): { begun: number; ended: number };
  /** Nothing new is begun. @returns once all that was begun has come to its end */
  finish(): Promise<void>;
  /** Delivers what was kept for after the faults. */
  deliverDeferred(): Promise<number>;
}

const EVENTS_ON_SALE = 4;
const NEW_EVENT_EVERY_MS = 12_000;

/** Small halls, so that buyers get in each other's way, with holds of a few seconds. */
function eventBody(slug: string, ttl: number): Record<string, unknown> {
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
    categories: [
      { code: 'stalls', name: 'Stalls', price: 4500 },
      { code: 'floor', name: 'Floor', price: 2000 },
    ],
    sections: [
      { name: 'Stalls', category: 'stalls', rows },
      { name: 'Floor', category: 'floor', places: 40 },
    ],
  };
}

/** Puts simulated buyers before the system; opens the first events before it returns. */
export async function startLoad(options: LoadOptions): Promise<Load> {
  const { book, seed, apiUrl, info, temporal, giveUp } = options;
  const stopping = new AbortController();
  const counts = { begun: 0, ended: 0 };
  const events: string[] = [];
  const venue = { events: () => events.slice(-EVENTS_ON_SALE) };

  const sceneOf = (actor: string): Scene => {
    const random = createRandom(seed, actor);
    const http = new HttpClient(apiUrl, book, random, giveUp, actor);
    return { venue, shop: new Shop({ http, book, random, temporal, ...info }) };
  };

  async function openEvent({ shop }: Scene): Promise<void> {
    const { random, http } = shop.deps;
    const slug = `chaos-${events.length + 1}`;
    await http.call({
      operation: 'new event',
      method: 'POST',
      path: '/v1/events',
      key: info.keys.operator,
      body: eventBody(slug, random.between(2, 6)),
      // Made already, by an attempt whose answer was lost.
      expect: [201, '409 slug_taken'],
      subject: slug,
    });
    book.events.add(slug);
    events.push(slug);
  }

  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  async function sellOn(scene: Scene): Promise<void> {
    for (;;) {
      await pause(NEW_EVENT_EVERY_MS);
      if (stopping.signal.aborted) return;
      await openEvent(scene).catch(unlessAbandoned);
    }
  }

  async function buy(scene: Scene): Promise<void> {
    const { random } = scene.shop.deps;
    while (!stopping.signal.aborted) {
      counts.begun++;
      await random.weighed(SCENARIOS)(scene).catch(unlessAbandoned);
      counts.ended++;
      await pause(random.between(50, 1_200));
    }
  }

  const boxOffice = sceneOf('box office');
  for (let index = 0; index < EVENTS_ON_SALE; index++) await openEvent(boxOffice);
  const working = [sellOn(boxOffice)];
  for (let index = 1; index <= options.concurrency; index++) working.push(buy(sceneOf(`buyer ${index}`)));
  const ended = Promise.all(working);
  // Who waits for it hears of it in `finish`; until then it is nobody's unhandled rejection.
  ended.catch(() => undefined);

  return {
    progress: () => ({ ...counts }),
    async finish() {
      stopping.abort();
      await ended;
    },
    async deliverDeferred() {
      const deliveries = book.deferred.splice(0);
      await Promise.all(deliveries.map((delivery) => delivery().catch(unlessAbandoned)));
      return deliveries.length;
    },
  };
}

function unlessAbandoned(error: unknown): void {
  if (!(error instanceof Abandoned)) throw error;
}
