import type { Process } from '../kernel/simulation';
import { createChance, type Chance } from '../kernel/random';
import type { Recorder } from '../model/recorder';
import { newReservation, type Reservation } from '../model/reservation';
import type { SimulatedSystem } from '../model/system';
import type { Scenario } from './scenario';

/** How a buyer's visit ended. Each ends in exactly one way. */
type Outcome = 'bought' | 'lapsed' | 'soldOut' | 'gaveUp';

export interface Crowd {
  outcomes: Record<Outcome, number>;
  /** Those that were held. */
  reservations: Reservation[];
  /** Buyers whose visit has begun and not ended. */
  inside(): number;
}

interface Visit {
  system: SimulatedSystem;
  scenario: Scenario;
  recorder: Recorder;
  chance: Chance;
  /** Those that were held. */
  reservations: Reservation[];
  /** Keys made so far: each try is a reservation of its own. */
  keys: number;
  mapsFromCache: boolean;
}

/** Sends the scenario's buyers to the system, each at its own moment, whatever became of those before. */
export function openDoors(
  system: SimulatedSystem,
  scenario: Scenario,
  recorder: Recorder,
  options: { seed: number; mapsFromCache: boolean },
): Crowd {
  const { simulation } = system;
  const chance = createChance(options.seed, 'crowd');
  const reservations: Reservation[] = [];
  const { mapsFromCache } = options;
  const visit: Visit = { system, scenario, recorder, chance, reservations, keys: 0, mapsFromCache };
  const outcomes: Record<Outcome, number> = { bought: 0, lapsed: 0, soldOut: 0, gaveUp: 0 };
  let begun = 0;
  let ended = 0;
  const begin = (): void => {
    begun++;
    recorder.at(simulation.now).arrived++;
    simulation.spawn(buyer(visit), (outcome) => {
      ended++;
      outcomes[outcome]++;
    });
  };
  const arrivals = Float64Array.from({ length: scenario.buyers }, () => arrivalMs(scenario, chance)).sort();
  simulation.spawn(
    (function* (): Process {
      for (const at of arrivals) {
        if (at > simulation.now) yield (resume) => simulation.at(at, resume);
        begin();
      }
    })(),
  );
  return { outcomes, reservations, inside: () => begun - ended };
}

function arrivalMs({ rushShare, rushMeanSeconds, minutes }: Scenario, chance: Chance): number {
  const lastMs = minutes * 60_000;
  if (!chance.chance(rushShare)) return chance.next() * lastMs;
  // Whoever would come after the end comes anew: the rush is cut off there.
  for (;;) {
    const ms = chance.exponential(rushMeanSeconds * 1000);
    if (ms < lastMs) return ms;
  }
}

/** One buyer: looks at the map, chooses, tries to hold; refused, looks and chooses again; then pays, or does not. */
function* buyer(visit: Visit): Process<Outcome> {
  const { system, scenario, chance } = visit;
  const { simulation, hall } = system;
  const count = 1 + weighted(scenario.groups, chance);
  let looks = 0;
  for (let tries = 0; tries < scenario.tries;) {
    yield* lookAtMap(visit);
    const seats = hall.choose(count, chance);
    // A map from a cache is the older: as if the choice took so much longer.
    const staleMs = visit.mapsFromCache ? chance.next() * scenario.cachedMapSeconds * 1000 : 0;
    if (seats === null) {
      if (++looks > scenario.looks) return 'soldOut';
      yield simulation.sleep(chance.exponential(scenario.lookAgainSeconds * 1000));
      continue;
    }
    yield simulation.sleep(staleMs + chance.exponential(scenario.choosingSeconds * 1000));
    tries++;
    const reservation = yield* tryToHold(visit, seats);
    if (reservation !== null) return yield* pay(visit, reservation);
  }
  return 'gaveUp';
}

function* lookAtMap({ system, recorder, mapsFromCache }: Visit): Process {
  if (mapsFromCache) return;
  const asked = system.simulation.now;
  yield* system.api.readMap();
  recorder.answered('map', asked, system.simulation.now);
}

function* tryToHold(visit: Visit, seats: number[]): Process<Reservation | null> {
  const { system, recorder, reservations } = visit;
  const { simulation, api, ttlMs } = system;
  const reservation = newReservation(visit.keys++, seats);
  const asked = simulation.now;
  const won = yield* api.hold(reservation, ttlMs);
  recorder.answered(won ? 'held' : 'refused', asked, simulation.now);
  if (!won) return null;
  reservations.push(reservation);
  return reservation;
}

function* pay({ system, scenario, recorder, chance }: Visit, reservation: Reservation): Process<Outcome> {
  const { simulation, api } = system;
  if (chance.chance(scenario.neverPays)) return 'lapsed';
  yield simulation.sleep(chance.exponential(scenario.payingSeconds * 1000));
  // A shop does not take the money for a hold that is over; what a late payment does is not part of this model.
  if (simulation.now >= reservation.heldAt! + system.ttlMs) return 'lapsed';
  const asked = simulation.now;
  yield* api.pay(reservation);
  recorder.answered('paid', asked, simulation.now);
  return reservation.paidInTime ? 'bought' : 'lapsed';
}

function weighted(weights: readonly number[], chance: Chance): number {
  let left = chance.next() * weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    left -= weight;
    if (left < 0) return index;
  }
  return weights.length - 1;
}
