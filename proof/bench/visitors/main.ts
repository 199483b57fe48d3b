import { Connections } from './connections';
import {
  askWithoutReading,
  call,
  guess,
  listen,
  poll,
  sendEndlessHeaders,
  type Visit,
} from './kinds';
import type { VisitorsPlan } from './plan';

let visit: { of: Visit; connections: Connections } | undefined;

function fail(error: Error): void {
  process.send?.({ error: error.message });
}

function begin(plan: VisitorsPlan, connections: Connections): Promise<Visit> {
  switch (plan.kind) {
    case 'listeners':
      return listen(plan, connections, fail);
    case 'pollers':
      return poll(plan, connections, fail);
    case 'non-readers':
      return askWithoutReading(plan, connections, fail);
    case 'endless-headers':
      return sendEndlessHeaders(plan, connections, fail);
    case 'callers':
      return call(plan, connections, fail);
    case 'guessers':
      return guess(plan, connections, fail);
  }
}

async function start(plan: VisitorsPlan): Promise<void> {
  const connections = new Connections(plan);
  visit = { of: await begin(plan, connections), connections };
  process.send?.({ begun: true });
}

async function finish({ of, connections }: NonNullable<typeof visit>): Promise<void> {
  await of.end();
  process.send?.(connections.end());
}

/** Visitors of one kind, all in this process: they begin at the first message, and are over at the second. */
process.on('message', (message: VisitorsPlan | 'finish') => {
  if (message !== 'finish') start(message).catch(fail);
  else if (visit) finish(visit).catch(fail);
});
process.on('disconnect', () => process.exit(0));
process.send?.('ready');
