import type { UnitCosts } from '../model/costs';
import type { Deployment } from '../model/deployment';
import type { Goals } from './goals';
import type { Scenario } from './scenario';

/** How full things are planned to be: queues grow without bound towards 1. */
const PLANNED_USE = 0.7;
/** A shard is one writer: two workflows that meet there wait for each other long before it is full. */
const PLANNED_SHARD_USE = 0.25;
/** Tries a second at the peak, in arrivals a second at the peak: who was refused tries again beside those who come. */
const TRIES_AT_ONCE = 1.4;
const CORES_OF_A_WORKER = 2;

/** The load in a few numbers, by hand. */
export interface Load {
  peakArrivals: number;
  peakTries: number;
  /** The compressed seat map to everybody who looks, at the peak. */
  mapGbit: number;
  reservations: number;
  paid: number;
  /** Reservations a second that the actors have to keep up with so that the confirmations come in time. */
  adoptPerSecond: number;
  confirmPerSecond: number;
  ticketsPerSecond: number;
}

/** Seats of a party that wins, on average: one of two meets a taken seat twice as often as one of one, and so on. */
function meanParty(weights: readonly number[]): number {
  const winners = weights.map((weight, index) => weight / (index + 1));
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  return sum(winners.map((winner, index) => winner * (index + 1))) / sum(winners);
}

export function estimateLoad(scenario: Scenario, goals: Goals, costs: UnitCosts): Load {
  const { buyers, seats, minutes, rushShare, rushMeanSeconds, groups, neverPays, payingSeconds } = scenario;
  const peakArrivals = (buyers * rushShare) / rushMeanSeconds + (buyers * (1 - rushShare)) / (60 * minutes);
  const reservations = seats / meanParty(groups);
  const paid = reservations * (1 - neverPays);
  return {
    peakArrivals,
    peakTries: TRIES_AT_ONCE * peakArrivals,
    mapGbit: ((1 + TRIES_AT_ONCE) * peakArrivals * seats * costs['map.seat.bytes'] * 8) / 1e9,
    reservations,
    paid,
    // Payments spread over the buyers' time to pay; the starts have about as long, for commands go first.
    adoptPerSecond: reservations / (payingSeconds + goals.confirmSeconds),
    confirmPerSecond: paid / (payingSeconds + goals.confirmSeconds),
    ticketsPerSecond: paid / (payingSeconds + 60 * goals.ticketMinutes),
  };
}

/** The deployment that the load asks for, by multiplication alone. */
export function estimateDeployment(scenario: Scenario, base: Deployment, costs: UnitCosts, goals: Goals): Deployment {
  const load = estimateLoad(scenario, goals, costs);
  const { adoptPerSecond, confirmPerSecond, ticketsPerSecond, peakTries } = load;
  const cpu = (msPerSecond: number): number =>
    Math.max(1, Math.ceil(msPerSecond / (1000 * PLANNED_USE * base.coreSpeed)));
  const maps = base.mapsFromCache ? 0 : load.peakArrivals + peakTries;
  const actorMs = (part: 'cluster' | 'cluster.database' | 'worker' | 'postgres'): number =>
    adoptPerSecond * costs[`${part}.adopt`] + confirmPerSecond * (costs[`${part}.settle`] + costs[`${part}.deliver`]);
  const writesPerSecond =
    adoptPerSecond * costs['temporal.adopt.writes'] +
    confirmPerSecond * (costs['temporal.settle.writes'] + costs['temporal.deliver.writes']);
  const writeMs = base.temporalWriteMs ?? costs['cluster.write.ms'];
  const shards = (writesPerSecond * writeMs) / (1000 * PLANNED_SHARD_USE);
  return {
    ...base,
    apiProcesses: cpu(peakTries * costs['api.refused'] + maps * costs['api.map']),
    postgresCores: cpu(
      peakTries * costs['postgres.refused'] +
        // All seats are gone within seconds: a third of the tries win at first.
        (peakTries / 3) * (costs['postgres.hold'] - costs['postgres.refused']) +
        maps * costs['postgres.unchanged'] +
        actorMs('postgres'),
    ),
    relays: cpu(adoptPerSecond * costs['relay.start'] + confirmPerSecond * costs['relay.ring']),
    temporalCores: cpu(actorMs('cluster')),
    temporalDatabaseCores: cpu(actorMs('cluster.database')),
    temporalShards: 2 ** Math.ceil(Math.log2(Math.max(1, shards))),
    workers: Math.ceil(cpu(actorMs('worker')) / CORES_OF_A_WORKER),
    documentWorkers: Math.ceil(cpu(ticketsPerSecond * costs['documents.print']) / CORES_OF_A_WORKER),
    mailWorkers: cpu(ticketsPerSecond * costs['mail.send']),
  };
}

/** What a sale leaves behind, and what Temporal Cloud would bill. */
export interface Remains {
  postgresGb: number;
  pdfGb: number;
  logGb: number;
  historyGb: number;
  actions: number;
}

const GB = 1e9;

export function estimateRemains({ reservations, paid }: Load, costs: UnitCosts): Remains {
  return {
    // Unpaid ones leave less; counted as if they left as much.
    postgresGb: (reservations * costs['disk.reservation.bytes']) / GB,
    pdfGb: (paid * costs['disk.pdf.bytes']) / GB,
    logGb: (reservations * costs['disk.log.bytes']) / GB,
    historyGb: (reservations * costs['history.bytes']) / GB,
    actions: reservations * costs['history.actions'],
  };
}
