import { Bell } from '../kernel/bell';
import { all, type Process, type Simulation } from '../kernel/simulation';
import { Thread } from '../kernel/thread';
import { createRateGauge, paceCommands, paceStarts } from '../../product';
import { RELAY_SHARE, type Actors } from './actors';
import type { UnitCosts } from './costs';
import type { Machines } from './machines';
import type { Lane, Postgres } from './postgres';
import type { Reservation } from './reservation';

/** As in the relay itself. */
const IDLE_POLL_MS = 200;
const SAMPLE_MS = 250;
const ARRIVALS_OVER_MS = 250;

/** One relay process: a lane of commands and one of starts, which the engine's own pacing slows down under load. */
export class Relay {
  private readonly loop: Thread;
  private busy = 0;
  private readonly arrivals = createRateGauge(ARRIVALS_OVER_MS);

  constructor(
    private readonly simulation: Simulation,
    private readonly machines: Machines,
    private readonly costs: UnitCosts,
    private readonly postgres: Postgres,
    private readonly actors: Actors,
  ) {
    this.loop = new Thread(simulation, machines.relay);
    simulation.spawn(this.gauge());
    simulation.spawn(this.working('commands', paceCommands));
    simulation.spawn(this.working('starts', paceStarts));
  }

  /** The share of the relay's own machine in use, as `createLoadGauge` sees it. */
  private *gauge(): Process {
    const { relay } = this.machines;
    for (let before = relay.busyMs(); ;) {
      yield this.simulation.sleep(SAMPLE_MS);
      const now = relay.busyMs();
      this.busy = (now - before) / (SAMPLE_MS * relay.count);
      before = now;
    }
  }

  private *working(lane: Lane, pace: typeof paceStarts): Process {
    const bell = this.bellOf(lane);
    for (;;) {
      const perSecond = this.arrivals(this.postgres.entriesEver, this.simulation.now);
      const { atOnce, pauseMs } = pace(this.busy, perSecond);
      const told = yield* this.batch(lane, atOnce);
      if (told === 0) yield bell.next(IDLE_POLL_MS);
      else if (pauseMs > 0) yield this.simulation.sleep(pauseMs);
    }
  }

  private bellOf(lane: Lane): Bell {
    const bell = new Bell(this.simulation);
    this.postgres.onWork(lane, () => bell.ring());
    return bell;
  }

  /** Claims, tells Temporal of all of them at once, and strikes them off. @returns how many there were */
  private *batch(lane: Lane, limit: number): Process<number> {
    const line = this.postgres.outbox[lane];
    const claimed: Reservation[] = [];
    while (claimed.length < limit && line.length > 0) claimed.push(line.shift()!);
    if (claimed.length === 0) return 0;
    const name = lane === 'starts' ? 'adopt' : 'settle';
    const databaseMs = (this.costs[`postgres.${name}`] * RELAY_SHARE * claimed.length) / 2;
    yield* this.postgres.read(databaseMs);
    yield all(
      this.simulation,
      claimed.map((reservation) => this.tell(lane, reservation)),
    );
    yield* this.postgres.write(databaseMs);
    return claimed.length;
  }

  private *tell(lane: Lane, reservation: Reservation): Process {
    yield* this.loop.run(this.costs[lane === 'starts' ? 'relay.start' : 'relay.ring']);
    yield* lane === 'starts' ? this.actors.start(reservation) : this.actors.ring(reservation);
  }
}
