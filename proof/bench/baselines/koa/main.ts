import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { readSettings, createDatabase } from '../../../product';
import { createKoaBaseline } from './app';

/** Serves the baselines with the database, pool size and number of processes (the first argument) of the API. */
async function serve(): Promise<void> {
  const settings = readSettings(['PORT', 'DATABASE_URL', 'DATABASE_POOL']);
  const db = createDatabase({
    url: settings.DATABASE_URL,
    pool: settings.DATABASE_POOL,
    prepared: true,
    applicationName: 'holdfast-bench-baseline',
  });
  const handle = createKoaBaseline(db).callback();
  const server = createServer((request, response) => void handle(request, response));
  server.keepAliveTimeout = 65_000;
  await new Promise<void>((resolve) => server.listen(settings.PORT, '127.0.0.1', resolve));
}

async function main(): Promise<void> {
  process.once('disconnect', () => process.exit(0));
  const processes = Number(process.argv[2] ?? 1);
  if (processes > 1 && cluster.isPrimary) {
    const listening = Array.from({ length: processes }, () => {
      const worker = cluster.fork();
      return new Promise<void>((resolve) => worker.once('listening', () => resolve()));
    });
    await Promise.all(listening);
  } else await serve();
  if (cluster.isPrimary) process.send?.('ready');
}

void main();
