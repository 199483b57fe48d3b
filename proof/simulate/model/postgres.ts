import type { Processor } from '../kernel/cores';
import { Flusher } from '../kernel/flusher';
import { Line } from '../kernel/places';
import type { Process, Simulation } from '../kernel/simulation';
import type { UnitCosts } from './costs';
import type { Hall } from './hall';
import type { Reservation } from './reservation';

export type Lane = 'starts' | 'commands';

/** PostgreSQL: cores, one write-ahead log, the row locks of the hall, and the outbox. */
export class Postgres {
  private readonly log: Flusher;
  readonly outbox: Record<Lane, Line<Reservation>> = { starts: new Line(), commands: new Line() };
  /** Entries in the outbox so far. */
  entriesEver = 0;
  private readonly listeners: Record<Lane, (() => void)[]> = { starts: [], commands: [] };

  constructor(
    private readonly simulation: Simulation,
    private readonly cores: Processor,
    private readonly costs: UnitCosts,
    private readonly hall: Hall,
  ) {
    this.log = new Flusher(simulation, costs['postgres.flush.ms']);
  }

  onWork(lane: Lane, listener: () => void): void {
    this.listeners[lane].push(listener);
  }

  private tell(lane: Lane, reservation: Reservation): void {
    this.entriesEver++;
    this.outbox[lane].push(reservation);
    for (const listener of this.listeners[lane]) listener();
  }

  *read(cpuMs: number): Process {
    yield this.cores.work(cpuMs);
  }

  *write(cpuMs: number): Process {
    yield this.cores.work(cpuMs);
    yield this.log.commit;
  }

  /** `hold_seats`: a plain read first, then the locks, a second look, the rows, the commit. @returns whether it holds */
  *hold(reservation: Reservation, ttlMs: number): Process<boolean> {
    const { seats } = reservation;
    const readMs = this.costs['postgres.refused'];
    yield this.cores.work(readMs);
    if (!this.areFree(seats)) return false;
    yield* this.hall.lock(seats);
    const won = this.areFree(seats);
    if (won) {
      yield* this.write(Math.max(0, this.costs['postgres.hold'] - readMs));
      this.hall.take(seats, reservation.id, this.simulation.now + ttlMs);
      this.tell('starts', reservation);
    }
    this.hall.unlock(seats);
    return won;
  }

  /** `record_payment`: the payment, its inbox row, the ring; in time it pins the hold. */
  *recordPayment(reservation: Reservation): Process {
    yield* this.hall.lock(reservation.seats);
    yield* this.write(this.costs['postgres.payment']);
    reservation.paidInTime = this.hall.pin(reservation.seats, reservation.id);
    reservation.paidAt = this.simulation.now;
    this.tell('commands', reservation);
    this.hall.unlock(reservation.seats);
  }

  /** Decides what waits in the inbox: paid in time, it is sold. */
  *settle(reservation: Reservation, cpuMs: number): Process {
    yield* this.hall.lock(reservation.seats);
    yield* this.write(cpuMs);
    if (reservation.paidInTime && reservation.confirmedAt === null) {
      this.hall.sell(reservation.seats, reservation.id);
      reservation.confirmedAt = this.simulation.now;
    }
    this.hall.unlock(reservation.seats);
  }

  private areFree(seats: readonly number[]): boolean {
    return seats.every((seat) => this.hall.isFree(seat));
  }
}
