import { paceStarts } from '../../src/relay/pace';
import { ROUND_COSTS as costs } from '../support/unit-costs';
import { DEFAULT_DEPLOYMENT, type Deployment } from '../../proof/simulate/model/deployment';
import { newReservation } from '../../proof/simulate/model/reservation';
import type * as Pace from '../../src/relay/pace';
import { createSystem } from '../../proof/simulate/model/system';
import { runScale } from '../../proof/simulate/scale/run';
import { MILLION, type Scenario } from '../../proof/simulate/scale/scenario';

jest.mock('../../src/relay/pace', () => {
  const actual = jest.requireActual<typeof Pace>('../../src/relay/pace');
  return { ...actual, paceStarts: jest.fn(actual.paceStarts) };
});

const small: Scenario = { ...MILLION, buyers: 3_000, seats: 400, minutes: 1, rushMeanSeconds: 10, holdTtlSeconds: 60 };
const play = (scenario: Scenario, deployment: Partial<Deployment> = {}, seed = 1) =>
  runScale(scenario, { ...DEFAULT_DEPLOYMENT, ...deployment }, costs, { seed });

describe('a simulated sale', () => {
  // The model itself throws when a seat is held or sold a second time.
  test.each([
    ['with cores to spare', {}],
    ['on two cores for everything', { sharedCores: 2, apiProcesses: 1, relays: 1, workers: 1, networkMs: 0 }],
    ['with the maps from the API', { mapsFromCache: false }],
  ])('%s: every buyer ends in one way, every seat has one owner', (_, deployment) => {
    const run = play(small, deployment);
    const { bought, lapsed, soldOut, gaveUp } = run.crowd.outcomes;
    expect(bought + lapsed + soldOut + gaveUp).toBe(small.buyers);
    expect(run.crowd.inside()).toBe(0);
    expect(bought + lapsed).toBe(run.crowd.reservations.length);

    const confirmed = run.crowd.reservations.filter((one) => one.confirmedAt !== null);
    expect(confirmed).toHaveLength(bought);
    const sold = confirmed.flatMap((one) => one.seats);
    expect(new Set(sold).size).toBe(sold.length);
    expect(run.soldSeats).toBe(sold.length);
    expect(run.soldSeats).toBeLessThanOrEqual(small.seats);
    expect(run.soldSeats).toBeGreaterThan(0.5 * small.seats);
  });

  test('every actor is started once and comes to its end, in order', () => {
    const { reservations } = play(small).crowd;
    for (const { startedAt, adoptedAt, paidAt, confirmedAt, deliveredAt } of reservations) {
      const moments = [startedAt, adoptedAt, confirmedAt, deliveredAt].filter((at) => at !== null);
      expect(moments).toEqual([...moments].sort((a, b) => a - b));
      expect(adoptedAt).not.toBeNull();
      expect(confirmedAt === null).toBe(paidAt === null);
      expect(deliveredAt === null).toBe(confirmedAt === null);
    }
  });

  test('the same seed gives the same run, another seed another', () => {
    const told = (seed: number) => {
      const { events, crowd, seconds } = play(small, {}, seed);
      return JSON.stringify({ events, seconds, outcomes: crowd.outcomes, reservations: crowd.reservations });
    };
    expect(told(5)).toBe(told(5));
    expect(told(5)).not.toBe(told(6));
  });

  test('who wants a seat that is being taken waits for the row lock, and then loses', () => {
    const { simulation, api, hall } = createSystem(DEFAULT_DEPLOYMENT, costs, { seats: 10, ttlMs: 60_000, seed: 1 });
    const won: boolean[] = [];
    for (let id = 0; id < 5; id++) {
      simulation.spawn(api.hold(newReservation(id, [3, 4]), 60_000), (result) => won.push(result));
    }
    simulation.run(1_000);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(won).toHaveLength(5);
    expect(hall.lockWaits).toBeGreaterThanOrEqual(4);
    expect(hall.freeSeats).toBe(8);
    // Past its end a hold is over, whether or not anything ran.
    simulation.run(61_000);
    expect(hall.freeSeats).toBe(10);
  });
});

describe('pacing', () => {
  test("is the engine's own function, asked with the simulated load", () => {
    jest.mocked(paceStarts).mockClear();
    play(small, { sharedCores: 2, apiProcesses: 1, relays: 1, workers: 1, networkMs: 0 });
    const asked = jest.mocked(paceStarts).mock.calls;
    expect(Math.max(...asked.map(([busy]) => busy))).toBeGreaterThan(0.9);
    expect(Math.max(...asked.map(([, holdsPerSecond]) => holdsPerSecond))).toBeGreaterThan(10);
  });

  test('a full machine starts actors slowly, and then catches up', () => {
    const burst: Scenario = { ...small, neverPays: 1, seats: 3_000, groups: [1], rushMeanSeconds: 2, rushShare: 1 };
    const shared = play(burst, { sharedCores: 2, apiProcesses: 1, relays: 1, workers: 1, networkMs: 0 });
    const apart = play(burst);
    const backlog = (run: ReturnType<typeof play>) => Math.max(...run.readings.queues.get('holds without an actor')!);
    expect(backlog(shared)).toBeGreaterThan(5 * (1 + backlog(apart)));
    expect(shared.crowd.reservations.every((one) => one.adoptedAt !== null)).toBe(true);
  });
});
