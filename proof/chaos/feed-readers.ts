import { setTimeout as sleep } from 'node:timers/promises';
import type { DevInfo } from '../product';
import type { DirectAccess, Findings } from './direct-access';
import type { Journal } from './journal';
import { createRandom } from './random';

const TRY_AGAIN_MS = 300;
const ANSWER_WITHIN_MS = 30_000;
const WAIT_SECONDS = 2;
const LIMIT = 50;
const READ_AGAIN = 0.1;
const CLIENT_NAME = 'demo-client';

interface Entry {
  sequence: number;
  type: string;
  reservation: string | null;
}

interface Page {
  data: Entry[];
  next: string;
}

interface Reader {
  name: string;
  key: string;
  /** All that it has read, in order. */
  entries: Entry[];
  after: string | null;
}

export interface FeedReaders {
  /** Reads to the end, and checks that nothing was left out and nothing came later below what was read. */
  count(direct: DirectAccess, findings: Findings): Promise<void>;
  close(): Promise<void>;
}

const HISTORY = `
  select f.sequence::float8 as sequence, h.type, h.reservation_id as reservation
    from history h left join feed f on f.history_id = h.id
   where $1::text is null or f.sequence is null or f.for_all or f.client = $1 order by f.sequence`;

/** Starts readers of the feed from its beginning: an operator, who is told of all, and a client. */
export function startFeedReaders({
  seed,
  journal,
  apiUrl,
  keys,
}: {
  seed: number;
  journal: Journal;
  apiUrl: () => string;
  keys: DevInfo['keys'];
}): FeedReaders {
  const stopping = new AbortController();
  const random = createRandom(seed, 'feed');
  const readers: Reader[] = [
    { name: 'operator', key: keys.operator, entries: [], after: null },
    { name: 'client', key: keys.client, entries: [], after: null },
  ];

  /** @returns null when there was no answer */
  async function page(reader: Reader, after: string | null, wait: number): Promise<Page | null> {
    const query = new URLSearchParams({ limit: String(LIMIT), wait: String(wait) });
    if (after !== null) query.set('after', after);
    try {
      const answer = await fetch(`${apiUrl()}/v1/feed?${query.toString()}`, {
        headers: { authorization: `Bearer ${reader.key}` },
        signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      });
      const body: unknown = await answer.json();
      if (answer.status === 200) return body as Page;
      if (answer.status !== 503)
        journal.violation('the feed answers as promised', reader.name, JSON.stringify(body));
    } catch {
      // It is asked again.
    }
    return null;
  }

  /** Whatever is asked for again is what it was: nothing appears below a number that was read. */
  async function readAgain(reader: Reader, after: string | null, before: Page): Promise<void> {
    const again = await page(reader, after, 0);
    if (again === null) return;
    journal.happened('a page of the feed read again');
    const numbers = again.data.slice(0, before.data.length).map(({ sequence }) => sequence);
    const expected = before.data.map(({ sequence }) => sequence);
    if (numbers.join() !== expected.join())
      journal.violation(
        'nothing appears in the feed below what was read',
        reader.name,
        `${expected.join()}, then ${numbers.join()}`,
      );
  }

  /** @returns whether there may be more */
  async function readOn(reader: Reader, wait: number): Promise<boolean> {
    const { after } = reader;
    const read = await page(reader, after, wait);
    if (read === null) {
      await sleep(TRY_AGAIN_MS);
      return true;
    }
    for (const entry of read.data) {
      const last = reader.entries.at(-1)?.sequence ?? 0;
      const isNext =
        reader.name === 'operator' ? entry.sequence === last + 1 : entry.sequence > last;
      if (!isNext)
        journal.violation(
          'the numbers of the feed have no gap and only grow',
          reader.name,
          `${entry.sequence} after ${last}`,
        );
      reader.entries.push(entry);
    }
    reader.after = read.next;
    if (random.chance(READ_AGAIN)) await readAgain(reader, after, read);
    return read.data.length > 0;
  }

  const reading = readers.map(async (reader) => {
    while (!stopping.signal.aborted) await readOn(reader, WAIT_SECONDS);
  });
  const stop = async (): Promise<void> => {
    stopping.abort();
    await Promise.all(reading);
  };

  return {
    async count(direct, findings) {
      await stop();
      for (const reader of readers) {
        while (await readOn(reader, 0));
        const read = new Map(reader.entries.map((entry) => [entry.sequence, entry]));
        const rows = await direct.rows<{
          sequence: number | null;
          type: string;
          reservation: string | null;
        }>(HISTORY, [reader.name === 'operator' ? null : CLIENT_NAME]);
        for (const { sequence, type, reservation } of rows) {
          const entry = sequence === null ? undefined : read.get(sequence);
          const isSame = entry?.type === type && entry.reservation === reservation;
          const wrong = isSame ? null : `${reader.name} read ${JSON.stringify(entry)}`;
          findings.check(
            'each entry of the history was read in the feed',
            `${sequence ?? 'no number'} ${type} ${reservation ?? ''}`,
            wrong,
          );
        }
        const extra = reader.entries.length - rows.length;
        findings.check(
          'nothing else was read in the feed',
          reader.name,
          extra === 0 ? null : `${extra} entries more`,
        );
      }
    },
    close: stop,
  };
}
