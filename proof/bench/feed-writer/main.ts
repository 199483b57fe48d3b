import { createFeedWriter, listenForEntries } from '../product';
import { createDatabase, readSettings } from '../../product';

/** Writes the feed as a relay does, and does nothing else of what a relay does. */
async function main(): Promise<void> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once('disconnect', stop);
  process.once('SIGTERM', stop);
  const { DATABASE_URL: url } = readSettings(['DATABASE_URL']);
  const db = createDatabase({
    url,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-bench-feed-writer',
  });
  const listener = listenForEntries(url, stopping.signal);
  const write = createFeedWriter(db, listener, stopping.signal);
  process.send?.('ready');
  while (!stopping.signal.aborted) await write();
  await listener.closed;
  await db.close();
  process.exit();
}

void main();
