import { readFeedNews, type FeedPlace, type FeedReader } from '../db/feed';
import type { Database } from '../db/database';
import type { Logger } from '../logger';
import { createCounts } from './counts';

const POLL_MS = 100;
const MAX_WAITERS = 5000;
const MAX_WAITERS_PER_CLIENT = 50;

export interface FeedWatch {
  /**
   * Waits until the feed may tell a reader something behind a place, until the time is over, the caller
   * has gone, or the process ends.
   * @returns whether it is worth to read and wait again; `full`: so many wait that this one cannot
   */
  wait(
    who: { client: string; reader: FeedReader },
    after: FeedPlace,
    maxMs: number,
    gone: AbortSignal,
  ): Promise<'news' | 'over' | 'full'>;
  close(): void;
}

interface Waiter {
  reader: FeedReader;
  end: (how: 'news' | 'over') => void;
}

/**
 * Everybody in this process who waits for the feed, with one poller while there is anybody. It asks who
 * is told of what is new, so only those read.
 */
export function createFeedWatch(db: Database, log: Logger): FeedWatch {
  const perClient = createCounts(MAX_WAITERS_PER_CLIENT);
  const waiters = new Set<Waiter>();
  let isClosed = false;
  /** Who waited up to here was told; null while nobody waits. */
  let seen: FeedPlace | null = null;

  async function poll(): Promise<void> {
    try {
      const before = seen!.sequence;
      const news = await readFeedNews(db, seen!);
      seen = news.head;
      const told = new Set(news.clients);
      const toAll = news.everyone || news.allClients;
      const isTold = (reader: FeedReader) =>
        reader === null ? news.head.sequence !== before : told.has(reader);
      for (const waiter of [...waiters]) if (toAll || isTold(waiter.reader)) waiter.end('news');
    } catch (error) {
      // Who waits reads at the end of its time at the latest.
      log.debug(`the feed could not be watched: ${(error as Error).message}`);
    }
    if (waiters.size === 0) seen = null;
    else setTimeout(() => void poll(), POLL_MS);
  }

  return {
    async wait({ client, reader }, after, maxMs, gone) {
      if (isClosed || gone.aborted) return 'over';
      const release = waiters.size < MAX_WAITERS ? perClient.take(client) : null;
      if (!release) return 'full';
      return new Promise((resolve) => {
        const waiter: Waiter = {
          reader,
          end(how) {
            clearTimeout(timer);
            gone.removeEventListener('abort', over);
            if (waiters.delete(waiter)) release();
            resolve(how);
          },
        };
        const over = () => waiter.end('over');
        const timer = setTimeout(over, maxMs);
        gone.addEventListener('abort', over, { once: true });
        waiters.add(waiter);
        if (seen === null) {
          seen = after;
          void poll();
        } else if (after.sequence < seen.sequence) {
          // It read before others were told of what has come since.
          waiter.end('news');
        }
      });
    },
    close() {
      isClosed = true;
      for (const waiter of [...waiters]) waiter.end('over');
    },
  };
}
