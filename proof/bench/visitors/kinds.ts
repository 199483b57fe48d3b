import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AnswerReader } from './answers';
import type { Connections } from './connections';
import type { VisitorsPlan } from './plan';

type Plan<Kind extends VisitorsPlan['kind']> = Extract<VisitorsPlan, { kind: Kind }>;

/** Visitors who have begun. */
export interface Visit {
  /** Resolves when what is due has come. */
  end: () => Promise<void>;
}

/** Called when something happened that makes the measurement void. */
type Fail = (error: Error) => void;

const CONNECT_AT_ONCE = 50;
/** What has not come by then makes the measurement void. */
const DUE_WITHIN_MS = 30_000;
const AGAIN_AFTER_MS = 500;
const POLL_MS = 20;

const closed = new Error('the server closed a connection');

async function until(isSo: () => boolean, what: () => string): Promise<void> {
  const giveUpAt = Date.now() + DUE_WITHIN_MS;
  while (!isSo()) {
    if (Date.now() > giveUpAt) throw new Error(`after ${DUE_WITHIN_MS / 1000} s ${what()}`);
    await delay(POLL_MS);
  }
}

/** One after the other, a few at once, because the accept queue of the server is finite. */
async function connectAll(count: number, one: (index: number) => Promise<void>): Promise<void> {
  for (let from = 0; from < count; from += CONNECT_AT_ONCE) {
    const length = Math.min(CONNECT_AT_ONCE, count - from);
    await Promise.all(Array.from({ length }, (_, index) => one(from + index)));
  }
}

/** Does something for each of `count`, at its time. */
async function atTheirTimes(
  count: number,
  everyMs: number,
  one: (index: number, due: number) => void,
): Promise<void> {
  const start = performance.now();
  for (let index = 0; index < count; index++) {
    const due = start + index * everyMs;
    const early = due - performance.now();
    if (early > 0) await delay(early);
    one(index, due);
  }
}

export async function listen(
  { count, withinMs }: Plan<'listeners'>,
  connections: Connections,
  fail: Fail,
): Promise<Visit> {
  const request = connections.request({ Accept: 'text/event-stream' });
  let snapshots = 0;
  const arriving = atTheirTimes(count, withinMs / count, (_, due) => {
    connections
      .connect(() => fail(closed))
      .then((socket) => {
        connections.read(socket, ({ status }) => {
          if (status !== 200) fail(new Error(`a listener was answered ${status}`));
          connections.measured(performance.now() - due);
          snapshots++;
        });
        socket.write(request);
      })
      .catch(fail);
  });
  return {
    async end() {
      await arriving;
      await until(
        () => snapshots === count,
        () => `${snapshots} of ${count} had a snapshot`,
      );
    },
  };
}

export async function poll(
  { count, everyMs, etag: first }: Plan<'pollers'>,
  connections: Connections,
  fail: Fail,
): Promise<Visit> {
  let isOver = false;
  let waiting = 0;
  const pollers: ((due: number) => void)[] = [];
  await connectAll(count, async (index) => {
    const socket = await connections.connect(() => fail(closed));
    let etag = first;
    let askedAt = 0;
    connections.read(socket, (answer) => {
      if (answer.status !== 200 && answer.status !== 304)
        fail(new Error(`a poll was answered ${answer.status}`));
      connections.measured(performance.now() - askedAt);
      etag = answer.etag ?? etag;
      askedAt = 0;
      waiting--;
    });
    pollers[index] = (due) => {
      // It asks again when it has been answered; what it waited for counts.
      if (askedAt !== 0) return;
      askedAt = due;
      waiting++;
      socket.write(connections.request({ 'Accept-Encoding': 'gzip', 'If-None-Match': etag }));
    };
  });
  void (async () => {
    while (!isOver)
      await atTheirTimes(count, everyMs / count, (index, due) => {
        if (!isOver) pollers[index]!(due);
      });
  })();
  return {
    async end() {
      isOver = true;
      await until(
        () => waiting === 0,
        () => `${waiting} polls were not answered`,
      );
    },
  };
}

export async function askWithoutReading(
  { count }: Plan<'non-readers'>,
  connections: Connections,
  fail: Fail,
): Promise<Visit> {
  let answered = 0;
  await connectAll(count, async () => {
    const socket = await connections.connect(() => undefined);
    let reader = new AnswerReader();
    socket.on('data', (chunk: Buffer) => {
      const answer = reader.take(chunk);
      // Of what is not refused the head says it all.
      const status = reader.status === 200 ? 200 : answer?.status;
      if (status === undefined) return;
      connections.count({ status, bytes: chunk.length });
      answered++;
      if (status === 200) {
        socket.pause();
        return;
      }
      if (status !== 429) fail(new Error(`who does not read was answered ${status}`));
      reader = new AnswerReader();
      setTimeout(() => void socket.write(connections.request()), AGAIN_AFTER_MS);
    });
    socket.write(connections.request());
  });
  await until(
    () => answered >= count,
    () => `${answered} of ${count} were answered`,
  );
  return { end: async () => undefined };
}

export async function sendEndlessHeaders(
  { count, everyMs }: Plan<'endless-headers'>,
  connections: Connections,
  fail: Fail,
): Promise<Visit> {
  const one = async (): Promise<void> => {
    const socket = await connections.connect(() => {
      clearInterval(timer);
      one().catch(fail);
    });
    socket.resume();
    socket.write(connections.request().slice(0, -2));
    const timer = setInterval(() => void socket.write('X-And: so on\r\n'), everyMs);
  };
  await connectAll(count, one);
  return { end: async () => undefined };
}

export async function call(
  { count, key }: Plan<'callers'>,
  connections: Connections,
  fail: Fail,
): Promise<Visit> {
  let isOver = false;
  const request = connections.request({ Authorization: `Bearer ${key}` });
  await connectAll(count, async () => {
    const socket = await connections.connect(() => fail(closed));
    let askedAt = 0;
    const ask = (): void => {
      askedAt = performance.now();
      socket.write(request);
    };
    connections.read(socket, () => {
      connections.measured(performance.now() - askedAt);
      if (!isOver) ask();
    });
    ask();
  });
  return {
    async end() {
      isOver = true;
    },
  };
}

export async function guess(
  { count, guesses, withinMs }: Plan<'guessers'>,
  connections: Connections,
  fail: Fail,
): Promise<Visit> {
  let answered = 0;
  const ask: ((due: number) => void)[] = [];
  await connectAll(count, async (index) => {
    const socket = await connections.connect(() => fail(closed));
    const asked: number[] = [];
    const send = (): void => {
      const key = `hf_client_${randomBytes(32).toString('base64url')}`;
      socket.write(connections.request({ Authorization: `Bearer ${key}` }));
    };
    connections.read(socket, () => {
      connections.measured(performance.now() - asked.shift()!);
      answered++;
      if (asked.length > 0) send();
    });
    ask[index] = (due) => {
      asked.push(due);
      if (asked.length === 1) send();
    };
  });
  const guessing = atTheirTimes(guesses, withinMs / guesses, (index, due) =>
    ask[index % count]!(due),
  );
  return {
    async end() {
      await guessing;
      await until(
        () => answered === guesses,
        () => `${answered} guesses were answered`,
      );
    },
  };
}
