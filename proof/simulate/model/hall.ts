import type { Process, Simulation } from '../kernel/simulation';
import type { Chance } from '../kernel/random';

const FREE = -1;
const LOOKS_FOR_NEIGHBOURS = 8;

/** The seats of one event, with the row locks on them. What is written shows when it is committed, not before. */
export class Hall {
  private readonly owner: Int32Array;
  private readonly sold: Uint8Array;
  private readonly endsAt: Float64Array;
  /** The free seats in no order, and where each seat stands among them: for choosing one at random. */
  private readonly free: Int32Array;
  private readonly place: Int32Array;
  private freeCount: number;
  private readonly locks = new Map<number, (() => void)[]>();
  lockWaits = 0;
  /** Goes up whenever what the map shows has changed. */
  version = 0;

  constructor(
    private readonly simulation: Simulation,
    readonly size: number,
  ) {
    this.owner = new Int32Array(size).fill(FREE);
    this.sold = new Uint8Array(size);
    this.endsAt = new Float64Array(size);
    this.free = Int32Array.from({ length: size }, (_, seat) => seat);
    this.place = Int32Array.from(this.free);
    this.freeCount = size;
  }

  get freeSeats(): number {
    return this.freeCount;
  }

  isFree(seat: number): boolean {
    return this.owner[seat] === FREE;
  }

  ownerOf(seat: number): number {
    return this.owner[seat]!;
  }

  soldSeats(): number {
    return this.sold.reduce((sum, one) => sum + one, 0);
  }

  /** Seats as a buyer picks them from the map as it is now: side by side where some can be had soon, else any. */
  choose(count: number, chance: Chance): number[] | null {
    if (this.freeCount < count) return null;
    for (let look = 0; look < LOOKS_FOR_NEIGHBOURS; look++) {
      const first = this.free[chance.below(this.freeCount)]!;
      if (this.isFreeRun(first, count)) return Array.from({ length: count }, (_, index) => first + index);
    }
    const start = chance.below(this.freeCount);
    const any = Array.from({ length: count }, (_, index) => this.free[(start + index) % this.freeCount]!);
    return any.sort((a, b) => a - b);
  }

  private isFreeRun(first: number, count: number): boolean {
    if (first + count > this.size) return false;
    for (let seat = first; seat < first + count; seat++) if (!this.isFree(seat)) return false;
    return true;
  }

  /** Takes the row locks of seats, in the order of their ids. */
  *lock(seats: readonly number[]): Process {
    for (const seat of seats) {
      const waiting = this.locks.get(seat);
      if (waiting) {
        this.lockWaits++;
        yield (resume) => waiting.push(resume);
      } else this.locks.set(seat, []);
    }
  }

  unlock(seats: readonly number[]): void {
    for (const seat of seats) {
      const next = this.locks.get(seat)?.shift();
      if (next) next();
      else this.locks.delete(seat);
    }
  }

  /** @throws Error if a seat is not free: the model would be wrong, for the row lock is there to prevent it */
  take(seats: readonly number[], reservation: number, endsAt: number): void {
    this.version++;
    for (const seat of seats) {
      if (!this.isFree(seat)) throw new Error(`seat ${seat} was held twice`);
      this.owner[seat] = reservation;
      this.endsAt[seat] = endsAt;
      this.removeFree(seat);
    }
    // Past its end a seat is free, whether or not anything ran.
    this.simulation.at(endsAt, () => this.release(seats, reservation, endsAt));
  }

  /** Paid in time: the hold no longer ends. @returns whether it was still held */
  pin(seats: readonly number[], reservation: number): boolean {
    if (!seats.every((seat) => this.owner[seat] === reservation)) return false;
    for (const seat of seats) this.endsAt[seat] = Infinity;
    return true;
  }

  sell(seats: readonly number[], reservation: number): void {
    this.version++;
    for (const seat of seats) {
      if (this.owner[seat] !== reservation || this.sold[seat] === 1) throw new Error(`seat ${seat} was sold twice`);
      this.sold[seat] = 1;
    }
  }

  private release(seats: readonly number[], reservation: number, endsAt: number): void {
    for (const seat of seats) {
      if (this.owner[seat] !== reservation || this.endsAt[seat] !== endsAt) continue;
      this.version++;
      this.owner[seat] = FREE;
      this.place[seat] = this.freeCount;
      this.free[this.freeCount++] = seat;
    }
  }

  private removeFree(seat: number): void {
    const last = this.free[--this.freeCount]!;
    const at = this.place[seat]!;
    this.free[at] = last;
    this.place[last] = at;
  }
}
