import type { Cores } from '../kernel/cores';
import { Places } from '../kernel/places';
import type { Process, Simulation } from '../kernel/simulation';
import { Thread } from '../kernel/thread';
import type { UnitCosts } from './costs';
import type { Deployment } from './deployment';
import type { Postgres } from './postgres';
import type { Reservation } from './reservation';

interface ApiProcess {
  loop: Thread;
  pool: Places;
}

/**
 * The API's processes behind a load balancer that goes around. Half of a request's CPU time lies before the database
 * is asked and half after; how it is parted was not measured, and hardly matters.
 */
export class Api {
  private readonly processes: ApiProcess[];
  private turn = 0;

  constructor(
    private readonly simulation: Simulation,
    cores: Cores,
    private readonly deployment: Deployment,
    private readonly costs: UnitCosts,
    private readonly postgres: Postgres,
  ) {
    this.processes = Array.from({ length: deployment.apiProcesses }, () => ({
      loop: new Thread(simulation, cores),
      pool: new Places(simulation, deployment.pool),
    }));
  }

  /** Requests that wait for an event loop, and for a connection. */
  waiting(): { loop: number; pool: number } {
    return this.processes.reduce(
      (sum, { loop, pool }) => ({ loop: sum.loop + loop.waiting, pool: sum.pool + pool.waiting }),
      { loop: 0, pool: 0 },
    );
  }

  *hold(reservation: Reservation, ttlMs: number): Process<boolean> {
    const refused = this.costs['api.refused'] / 2;
    const won = yield* this.request(refused, this.postgres.hold(reservation, ttlMs), (result) =>
      result ? this.costs['api.hold'] - refused : refused,
    );
    if (won) reservation.heldAt = this.simulation.now;
    return won;
  }

  *pay(reservation: Reservation): Process {
    const half = this.costs['api.payment'] / 2;
    yield* this.request(half, this.postgres.keepPayment(reservation), () => half);
  }

  /** A look at the seat map: whole, from the cache of the process. */
  *readMap(): Process {
    const whole = this.costs['api.map'];
    const look = Math.min(whole, this.costs['api.unchanged']) / 2;
    yield* this.request(look, this.postgres.read(this.costs['postgres.unchanged']), () => whole - look);
  }

  private *request<Result>(
    beforeMs: number,
    work: Process<Result>,
    afterMs: (result: Result) => number,
  ): Process<Result> {
    const { loop, pool } = this.processes[this.turn++ % this.processes.length]!;
    const { networkMs } = this.deployment;
    yield* loop.run(beforeMs);
    yield pool.take;
    if (networkMs > 0) yield this.simulation.sleep(networkMs);
    const result = yield* work;
    if (networkMs > 0) yield this.simulation.sleep(networkMs);
    pool.giveBack();
    yield* loop.run(afterMs(result));
    return result;
  }
}
