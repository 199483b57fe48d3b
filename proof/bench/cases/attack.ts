import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Bench, BenchEvent, Case, Figures } from '../case';
import { startExtraApi, type ExtraApi } from '../extra-api';
import { expectStatuses, holdOurs, holdPaced, makeBuyers, scaled } from '../holds';
import { expectFiles } from '../listeners/listeners';
import { watchMemory } from '../memory';
import type { PlanWithout, VisitorsReport } from '../visitors/plan';
import { startVisitors } from '../visitors/visitors';

const SEATS = 100_000;
const CONNECTIONS = 200;
const GUESSES = 3_000;
const HOLDS = 100;
const HOLD_EVERY_MS = 100;
/** For what the attack before has left. */
const PAUSE_MS = 2_000;
const HEADER_EVERY_MS = 250;
/** What the attacker lists. */
const LISTED = 200;
const LISTED_AT_ONCE = 10;
/** Every other address is another caller's: ours is that of the other client. */
const ATTACKER = '127.0.0.2';
const MEGABYTE = 1_000_000;

interface Attack {
  name: string;
  plan: (of: { large: BenchEvent; key: string; count: number; guesses: number }) => Planned;
  /** @throws Error when it did not happen */
  expect: (report: VisitorsReport, count: number, guesses: number) => void;
}
type Planned = PlanWithout<'url' | 'count' | 'localAddress'>;

const sumOf = ({ statuses }: VisitorsReport): number =>
  Object.values(statuses).reduce((sum, count) => sum + count, 0);

const told = (report: VisitorsReport): string =>
  `${report.open} open, ${report.closed} closed, answers ${JSON.stringify(report.statuses)}`;

const ATTACKS: readonly Attack[] = [
  {
    name: 'unread',
    plan: ({ large }) => ({ kind: 'non-readers', path: `/v1/events/${large.slug}/seats` }),
    expect(report, count) {
      if (report.open !== count || (report.statuses[200] ?? 0) === 0 || sumOf(report) < count)
        throw new Error(`large answers were not left unread: ${told(report)}`);
    },
  },
  {
    name: 'headers',
    plan: () => ({ kind: 'endless-headers', path: '/livez', everyMs: HEADER_EVERY_MS }),
    expect(report, count) {
      // One that is closed comes again.
      if (report.open < 0.9 * count) throw new Error(`the headers ended: ${told(report)}`);
    },
  },
  {
    name: 'lists',
    plan: ({ key }) => ({ kind: 'callers', path: `/v1/reservations?limit=${LISTED}`, key }),
    expect(report, count) {
      // Each connection has had an answer, though not each a list: some waited too long.
      if (report.open !== count || (report.statuses[200] ?? 0) === 0 || sumOf(report) < count)
        throw new Error(`lists were not called: ${told(report)}`);
    },
  },
  {
    name: 'keys',
    plan: ({ guesses }) => ({
      kind: 'guessers',
      path: '/v1/reservations',
      guesses,
      withinMs: HOLDS * HOLD_EVERY_MS,
    }),
    expect(report, _count, guesses) {
      if (sumOf(report) !== guesses || (report.statuses[401] ?? 0) === 0)
        throw new Error(`keys were not guessed: ${told(report)}`);
    },
  },
];

/** What the client of the attack has, so that its lists are long. */
async function giveReservations(bench: Bench, key: string): Promise<void> {
  const event = await bench.makeEvent(LISTED);
  const of = { ...bench, keys: { ...bench.keys, client: key } };
  const result = await holdOurs(of, makeBuyers(event, event.labels), {
    connections: LISTED_AT_ONCE,
  });
  expectStatuses(result, { 201: LISTED });
}

interface Scene {
  api: ExtraApi;
  large: BenchEvent;
  key: string;
}

/** Holds of another client, at an even pace, from another address. */
async function hold(bench: Bench, { api }: Scene): Promise<{ p50: number; p99: number }> {
  const event = await bench.makeEvent(scaled(bench, HOLDS, 30));
  return holdPaced({ ...bench, apiUrl: api.url }, makeBuyers(event, event.labels), HOLD_EVERY_MS);
}

async function underAttack(bench: Bench, scene: Scene, attack: Attack): Promise<Figures> {
  const { name, plan, expect } = attack;
  const { api, large, key } = scene;
  const [count, guesses] = [scaled(bench, CONNECTIONS), scaled(bench, GUESSES)];
  const endMemory = watchMemory(api.pid);
  const attackers = await startVisitors(
    { ...plan({ large, key, count, guesses }), url: api.url, count, localAddress: ATTACKER },
    join(bench.stack.logFolder, 'bench-visitors.log'),
  );
  try {
    const { p50, p99 } = await hold(bench, scene);
    const report = await attackers.finish();
    expect(report, count, guesses);
    bench.progress(`${name}: ${told(report)}`);
    return {
      [`${name}HoldP50Ms`]: p50,
      [`${name}HoldP99Ms`]: p99,
      [`${name}AnsweredCount`]: sumOf(report),
      [`${name}RefusedCount`]: report.statuses[429] ?? 0,
      [`${name}PeakMegabytes`]: endMemory().peak / MEGABYTE,
    };
  } finally {
    endMemory();
    await attackers.close();
  }
}

async function measure(bench: Bench, round: number): Promise<Figures> {
  const { client2: key } = bench.stack.info().keys;
  await giveReservations(bench, key);
  const large = await bench.makeEvent(scaled(bench, SEATS));
  // As shipped, but that the other client may have more open holds: those of the cases before are open.
  const env = { RATE_LIMIT: '', MAX_OPEN_HOLDS_PER_CLIENT: '1000000' };
  const api = await startExtraApi(bench, 'attacked', { env });
  try {
    expectFiles(api.pid, CONNECTIONS);
    const scene = { api, large, key };
    const figures: Figures = {};
    // It has seen the event and some holds before.
    await (await fetch(`${api.url}/v1/events/${large.slug}/seats`)).arrayBuffer();
    await hold(bench, scene);
    const quiet = async (): Promise<void> => {
      const endMemory = watchMemory(api.pid);
      const { p50, p99 } = await hold(bench, scene);
      const quietPeakMegabytes = endMemory().peak / MEGABYTE;
      Object.assign(figures, { quietHoldP50Ms: p50, quietHoldP99Ms: p99, quietPeakMegabytes });
    };
    const turns = [
      quiet,
      ...ATTACKS.map((attack) => async () => {
        Object.assign(figures, await underAttack(bench, scene, attack));
      }),
    ];
    await bench.quiesce();
    // Without the relay, which is not measured here.
    await bench.withoutRelay(async () => {
      for (const turn of round % 2 === 1 ? turns : turns.toReversed()) {
        await turn();
        await delay(PAUSE_MS);
      }
    });
    figures.peakMegabytes = Math.max(
      ...ATTACKS.map(({ name }) => figures[`${name}PeakMegabytes`]!),
    );
    return figures;
  } finally {
    await api.stop();
  }
}

/** The API with the limits of its settings’ defaults, while one caller takes what he can get. */
export const attack: Case = {
  id: 'attack',
  title:
    'Holds while one address attacks an API with the default limits: large maps unread on 200 connections, headers without an end on 200, lists as fast as they are answered on 200, 3,000 wrong keys within 10 s',
  rounds: 3,
  targets: [
    ...(
      [
        ['unread', 'while maps are not read'],
        ['headers', 'while headers never end'],
        ['lists', 'while a client calls lists'],
        ['keys', 'while keys are guessed'],
      ] as const
    ).map(([name, when]) => ({
      title: `another client’s hold ${when}, relative to quiet (p50)`,
      of: (figures: Figures) => figures[`${name}HoldP50Ms`]! / figures.quietHoldP50Ms!,
      atMost: 2,
    })),
    {
      title: 'the API’s resident memory at its peak (MB)',
      of: ({ peakMegabytes }) => peakMegabytes!,
    },
  ],
  measure,
};
