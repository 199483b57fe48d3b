import type { Processor } from '../kernel/cores';
import type { Process } from '../kernel/simulation';
import { Line } from '../kernel/places';
import { Thread } from '../kernel/thread';
import type { UnitCosts } from '../model/costs';
import { DEFAULT_DEPLOYMENT, type Deployment } from '../model/deployment';
import { newReservation, type Reservation } from '../model/reservation';
import { createSystem } from '../model/system';
import type { Play, Seen } from './play';

const TTL_MS = 600_000;
const STEP_MS = 1000;
const REST_EVERY_MS = 10;

/** What `startRealSystem` starts: one process of each kind, and everything on one machine. */
function ofThisMachine(cores: number): Deployment {
  return {
    ...DEFAULT_DEPLOYMENT,
    sharedCores: cores,
    apiProcesses: 1,
    relays: 1,
    workers: 1,
    documentWorkers: 1,
    mailWorkers: 1,
    temporalShards: 1,
    networkMs: 0,
    mapsFromCache: false,
  };
}

/** What the parts use even at rest. */
function* restlessness(
  sleep: (ms: number) => (resume: () => void) => void,
  cores: Processor,
  busyCores: number,
): Process {
  for (;;) {
    yield cores.work(busyCores * REST_EVERY_MS);
    yield sleep(REST_EVERY_MS);
  }
}

/** Plays it in the simulation, with the load generator on the same cores as everything else. */
export function playSimulated(play: Play, costs: UnitCosts, options: { cores: number; seed: number }): Seen {
  const { cores, seed } = options;
  const system = createSystem(ofThisMachine(cores), costs, { seats: play.seats, ttlMs: TTL_MS, seed });
  const { simulation, api, actors, machines } = system;
  const client = new Thread(simulation, machines.client!);
  const seen: Seen = { heldMs: [], refusedMs: [], paidMs: [], answeredMs: 0, startedAt: [], confirmedAt: [] };
  const reservations: Reservation[] = [];
  const half = costs['client.request'] / 2;
  const hopMs = costs['wake.ms'];
  let visitors = 0;
  let keys = 0;

  function* hold(seat: number, dueMs: number): Process<Reservation | null> {
    const reservation = newReservation(keys++, [seat]);
    yield* client.run(half);
    yield simulation.sleep(hopMs);
    const won = yield* api.hold(reservation, TTL_MS);
    yield simulation.sleep(hopMs);
    yield* client.run(half);
    (won ? seen.heldMs : seen.refusedMs).push(simulation.now - dueMs);
    seen.answeredMs = simulation.now;
    if (!won) return null;
    reservations.push(reservation);
    return reservation;
  }

  function* lane(line: Line<number>): Process {
    for (let seat = line.shift(); seat !== undefined; seat = line.shift()) yield* hold(seat, simulation.now);
  }

  function* payer(seat: number, dueMs: number, payAfterMs: number): Process {
    yield simulation.sleep(dueMs);
    const reservation = yield* hold(seat, dueMs);
    if (reservation === null) throw new Error('a free seat was refused');
    yield simulation.sleep(payAfterMs);
    const asked = simulation.now;
    yield* client.run(half);
    yield simulation.sleep(hopMs);
    yield* api.pay(reservation);
    yield simulation.sleep(hopMs);
    yield* client.run(half);
    seen.paidMs.push(simulation.now - asked);
    seen.answeredMs = simulation.now;
  }

  const come = (visitor: Process): void => {
    visitors++;
    simulation.spawn(visitor, () => {
      visitors--;
    });
  };
  simulation.spawn(restlessness((ms) => simulation.sleep(ms), machines.client!, costs['rest.cores']));
  if (play.kind === 'crowd') {
    const line = new Line<number>();
    for (const seat of play.wanted) line.push(seat);
    for (let index = 0; index < play.atOnce; index++) come(lane(line));
  } else play.arrivals.forEach((dueMs, seat) => come(payer(seat, dueMs, play.payAfterMs)));

  const due = play.kind === 'ramp' ? play.arrivals.length : 0;
  const atRest = (): boolean =>
    visitors === 0 && actors.ends.delivered === due && reservations.every((one) => one.adoptedAt !== null);
  while (!atRest()) simulation.run(simulation.now + STEP_MS);

  const moments = (of: 'startedAt' | 'confirmedAt'): number[] =>
    reservations.flatMap((one) => one[of] ?? []).sort((a, b) => a - b);
  return { ...seen, startedAt: moments('startedAt'), confirmedAt: moments('confirmedAt') };
}
