import type { Processor } from '../kernel/cores';
import { Places } from '../kernel/places';
import type { Process, Simulation } from '../kernel/simulation';
import { Thread } from '../kernel/thread';
import type { UnitCosts } from './costs';
import type { Deployment } from './deployment';
import type { Hall } from './hall';
import type { Postgres } from './postgres';
import type { Reservation } from './reservation';
import { SeatMap } from './seat-map';

interface ApiProcess {
  loop: Thread;
  pool: Places;
  map: SeatMap;
}

/**
 * The API's processes behind a load balancer that goes around. Half of a request's CPU time lies before the database
 * is asked and half after; how it is parted was not measured, and hardly matters.
 */
export class Api {
  private readonly processes: ApiProcess[];
  private turn = 0;

  private readonly costs: UnitCosts;
  private readonly postgres: Postgres;
  private readonly hopMs: number;

  constructor(
    private readonly simulation: Simulation,
    cores: Processor,
    deployment: Deployment,
    { costs, postgres, hopMs, hall }: { costs: UnitCosts; postgres: Postgres; hopMs: number; hall: Hall },
  ) {
    this.costs = costs;
    this.postgres = postgres;
    this.hopMs = hopMs;
    this.processes = Array.from({ length: deployment.apiProcesses }, () => {
      const loop = new Thread(simulation, cores);
      const pool = new Places(simulation, deployment.pool);
      return { loop, pool, map: this.seatMap(loop, pool, hall) };
    });
  }

  private seatMap(loop: Thread, pool: Places, hall: Hall): SeatMap {
    const { costs, postgres } = this;
    const ask = (cpuMs: number): Process => this.query(pool, postgres.read(cpuMs));
    return new SeatMap(this.simulation, () => hall.version, {
      look: () => ask(costs['postgres.unchanged']),
      *read() {
        yield* ask(costs['postgres.map.thousand'] * (hall.size / 1000));
        yield* loop.run(costs['api.map.thousand'] * (hall.size / 1000));
      },
    });
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
    yield* this.request(half, this.postgres.recordPayment(reservation), () => half);
  }

  /** A look at the seat map, whole. */
  *readMap(): Process {
    const { loop, map } = this.next();
    const halfMs = this.costs['api.map'] / 2;
    yield* loop.run(halfMs);
    yield map.fresh;
    yield* loop.run(halfMs);
  }

  private next(): ApiProcess {
    return this.processes[this.turn++ % this.processes.length]!;
  }

  private *request<Result>(
    beforeMs: number,
    work: Process<Result>,
    afterMs: (result: Result) => number,
  ): Process<Result> {
    const { loop, pool } = this.next();
    yield* loop.run(beforeMs);
    const result = yield* this.query(pool, work);
    yield* loop.run(afterMs(result));
    return result;
  }

  /** Something on a connection of the pool. */
  private *query<Result>(pool: Places, work: Process<Result>): Process<Result> {
    yield pool.take;
    yield this.simulation.sleep(this.hopMs);
    const result = yield* work;
    yield this.simulation.sleep(this.hopMs);
    pool.giveBack();
    return result;
  }
}
