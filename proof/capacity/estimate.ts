import { MEASURED_MAP_SEATS, type UnitCosts } from './costs';

/** A sale, and what it is planned for. The first three are the question; the rest are assumptions, to be set. */
export interface Sale {
  buyers: number;
  seats: number;
  /** How long buyers keep coming. */
  minutes: number;
  /** Share of the buyers who come at the opening, and how long they take to come, on average. */
  openingShare: number;
  openingSeconds: number;
  /** Hold requests of a buyer; each follows a look at the seat map, and one more look follows the last. */
  triesPerBuyer: number;
  /** In how many seconds all seats may be held: the hold rate that the deployment is planned for. */
  holdingSeconds: number;
  seatsPerReservation: number;
  /** Share of the holds that are paid, and how long a buyer takes to pay. */
  paidShare: number;
  payingSeconds: number;
  /** How late the last confirmation and the last tickets may be. */
  confirmSeconds: number;
  ticketMinutes: number;
  /** Share of its processors that a part is planned to use: queues grow without bound towards 1. */
  plannedUse: number;
  /** The same for a shard, which is one writer: two workflows of a shard wait for each other long before it is full. */
  plannedShardUse: number;
  /** Connections of each process (DATABASE_POOL). */
  databasePool: number;
}

export const MILLION: Sale = {
  buyers: 1_000_000,
  seats: 60_000,
  minutes: 10,
  openingShare: 0.7,
  openingSeconds: 60,
  triesPerBuyer: 2,
  holdingSeconds: 10,
  seatsPerReservation: 1.5,
  paidShare: 0.8,
  payingSeconds: 90,
  confirmSeconds: 30,
  ticketMinutes: 15,
  plannedUse: 0.7,
  plannedShardUse: 0.25,
  databasePool: 10,
};

/** How many of everything, and how many a second. */
export interface Load {
  reservations: number;
  paid: number;
  /** At the opening. */
  arrivalsPerSecond: number;
  triesPerSecond: number;
  holdsPerSecond: number;
  refusedPerSecond: number;
  mapsPerSecond: number;
  /** Afterwards, so that confirmations and tickets are in time. */
  adoptedPerSecond: number;
  paidPerSecond: number;
  ticketsPerSecond: number;
}

export function estimateLoad(sale: Sale): Load {
  const {
    buyers,
    minutes,
    openingShare,
    openingSeconds,
    triesPerBuyer,
    payingSeconds,
    confirmSeconds,
  } = sale;
  const reservations = sale.seats / sale.seatsPerReservation;
  const paid = reservations * sale.paidShare;
  const arrivalsPerSecond =
    (buyers * openingShare) / openingSeconds + (buyers * (1 - openingShare)) / (60 * minutes);
  const triesPerSecond = arrivalsPerSecond * triesPerBuyer;
  const holdsPerSecond = Math.min(triesPerSecond, reservations / sale.holdingSeconds);
  return {
    reservations,
    paid,
    arrivalsPerSecond,
    triesPerSecond,
    holdsPerSecond,
    refusedPerSecond: triesPerSecond - holdsPerSecond,
    mapsPerSecond: arrivalsPerSecond * (triesPerBuyer + 1),
    // Payments are spread over the time to pay; the actors of the holds have as long, since commands go first.
    adoptedPerSecond: reservations / (payingSeconds + confirmSeconds),
    paidPerSecond: paid / (payingSeconds + confirmSeconds),
    ticketsPerSecond: paid / (payingSeconds + 60 * sale.ticketMinutes),
  };
}

/** What the seat map needs without a cache in front of the API. */
export interface MapLoad {
  gigabits: number;
  apiProcessors: number;
  /** One map rebuilt after a change; each API process rebuilds it for itself. */
  rebuildApiMs: number;
  rebuildPostgresMs: number;
}

export function estimateMaps(
  { seats, plannedUse }: Sale,
  { mapsPerSecond }: Load,
  costs: UnitCosts,
): MapLoad {
  return {
    gigabits: (mapsPerSecond * seats * costs['map.seat.bytes'] * 8) / 1e9,
    // The cost of a cached answer grows with its size.
    apiProcessors:
      (mapsPerSecond * costs['api.map'] * (seats / MEASURED_MAP_SEATS)) / (1000 * plannedUse),
    rebuildApiMs: (seats / 1000) * costs['api.map.thousand'],
    rebuildPostgresMs: (seats / 1000) * costs['postgres.map.thousand'],
  };
}

/** One part of a deployment. */
export interface Part {
  name: string;
  processes: number;
  /** All of them together. */
  processors: number;
  /** Connections to PostgreSQL, at most. */
  connections: number;
  /** Gigabytes; null where it is not known by multiplication. */
  memoryGb: number | null;
}

export interface Deployment {
  parts: Part[];
  shards: number;
}

/** A relay that dies must not stop the adoption. */
const LEAST_RELAYS = 2;
const CORES_OF_A_WORKER = 2;

/** CPU milliseconds a second. */
function cpuLoads(load: Load, costs: UnitCosts) {
  const { holdsPerSecond, refusedPerSecond, adoptedPerSecond, paidPerSecond, ticketsPerSecond } =
    load;
  const actors = (part: 'postgres' | 'temporal' | 'temporal.database' | 'worker'): number =>
    adoptedPerSecond * costs[`${part}.adopt`] +
    paidPerSecond * (costs[`${part}.settle`] + costs[`${part}.deliver`]);
  const answers = (part: 'api' | 'postgres'): number =>
    holdsPerSecond * costs[`${part}.hold`] +
    refusedPerSecond * costs[`${part}.refused`] +
    paidPerSecond * costs[`${part}.payment`];
  return {
    api: answers('api'),
    postgres: answers('postgres') + actors('postgres'),
    relay: adoptedPerSecond * costs['relay.start'] + paidPerSecond * costs['relay.ring'],
    temporal: actors('temporal'),
    temporalDatabase: actors('temporal.database'),
    worker: actors('worker'),
    documents: ticketsPerSecond * costs['documents.print'],
    mail: ticketsPerSecond * costs['mail.send'],
  };
}

/** Shards so that each is idle most of the time, up to the next power of two. */
function shardsFor({ plannedShardUse }: Sale, load: Load, costs: UnitCosts): number {
  const { adoptedPerSecond, paidPerSecond } = load;
  const writesPerSecond =
    adoptedPerSecond * costs['temporal.adopt.writes'] +
    paidPerSecond * (costs['temporal.settle.writes'] + costs['temporal.deliver.writes']);
  return (
    2 **
    Math.ceil(
      Math.log2(
        Math.max(1, (writesPerSecond * costs['temporal.write.ms']) / (1000 * plannedShardUse)),
      ),
    )
  );
}

/** The deployment that a sale asks for: load times unit cost, over the share that is planned to be used. */
export function estimateDeployment(sale: Sale, load: Load, costs: UnitCosts): Deployment {
  const cpu = cpuLoads(load, costs);
  const processors = (msPerSecond: number): number =>
    Math.max(1, Math.ceil(msPerSecond / (1000 * sale.plannedUse)));
  const ours = (name: string, count: number, cores: number, megabytes: number, more = 0): Part => ({
    name,
    processes: count,
    processors: count * cores,
    connections: count * (sale.databasePool + more),
    memoryGb: (count * megabytes) / 1000,
  });
  const workers = (msPerSecond: number): number =>
    Math.ceil(processors(msPerSecond) / CORES_OF_A_WORKER);
  const parts = [
    ours('API', processors(cpu.api), 1, costs['memory.api.mb']),
    // A relay listens on one connection more.
    ours('relay', Math.max(LEAST_RELAYS, processors(cpu.relay)), 1, costs['memory.relay.mb'], 1),
    ours('reservations worker', workers(cpu.worker), CORES_OF_A_WORKER, costs['memory.worker.mb']),
    ours(
      'documents worker',
      workers(cpu.documents),
      CORES_OF_A_WORKER,
      costs['memory.documents.mb'],
    ),
    ours('mail worker', processors(cpu.mail), 1, costs['memory.mail.mb']),
  ];
  const connections = parts.reduce((sum, part) => sum + part.connections, 0);
  const server = (name: string, msPerSecond: number, memoryGb: number | null): Part => ({
    name,
    processes: 1,
    processors: processors(msPerSecond),
    connections: 0,
    memoryGb,
  });
  return {
    parts: [
      ...parts,
      server('PostgreSQL', cpu.postgres, (connections * costs['memory.connection.mb']) / 1000),
      server('Temporal', cpu.temporal, null),
      server("Temporal's database", cpu.temporalDatabase, null),
    ],
    shards: shardsFor(sale, load, costs),
  };
}

/** What a sale leaves behind, and what Temporal Cloud would bill. */
export interface Storage {
  postgresGb: number;
  pdfGb: number;
  logGb: number;
  historyGb: number;
  actions: number;
}

const GB = 1e9;

/** As if each reservation had one seat; one that is not paid leaves less, and counts as if it left as much. */
export function estimateStorage({ reservations, paid }: Load, costs: UnitCosts): Storage {
  return {
    postgresGb: (reservations * costs['disk.reservation.bytes']) / GB,
    pdfGb: (paid * costs['disk.pdf.bytes']) / GB,
    logGb: (reservations * costs['disk.log.bytes']) / GB,
    historyGb: (reservations * costs['history.bytes']) / GB,
    actions: reservations * costs['history.actions'],
  };
}
