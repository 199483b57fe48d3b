/** What a system consists of. Machines of different kinds do not share cores, unless `sharedCores` says that all do. */
export interface Deployment {
  apiProcesses: number;
  /** Connections of each of our processes (DATABASE_POOL). */
  pool: number;
  postgresCores: number;
  /** Relay processes, each on a machine with cores to spare. */
  relays: number;
  temporalCores: number;
  temporalDatabaseCores: number;
  temporalShards: number;
  /** Processes with the role `reservations`; each has two cores. */
  workers: number;
  /** Processes with the role `documents`; each has two cores, which its browser uses too. */
  documentWorkers: number;
  /** Processes with the role `mail`. */
  mailWorkers: number;
  /** Whether a cache in front of the API answers the reads of the seat map. */
  mapsFromCache: boolean;
  /** One way over the network between any two machines. */
  networkMs: number;
  /** How fast a core is, compared with the one that the costs were measured on. */
  coreSpeed: number;
  /** A write under Temporal's shard lock, where its database is slower than that of the measurement. */
  temporalWriteMs: number | null;
  /** All on one machine with so many cores, the load generator too. */
  sharedCores: number | null;
}

export const DEFAULT_DEPLOYMENT: Deployment = {
  apiProcesses: 24,
  pool: 10,
  postgresCores: 16,
  relays: 2,
  temporalCores: 16,
  temporalDatabaseCores: 16,
  temporalShards: 512,
  workers: 8,
  documentWorkers: 4,
  mailWorkers: 2,
  mapsFromCache: true,
  networkMs: 0.25,
  coreSpeed: 1,
  temporalWriteMs: null,
  sharedCores: null,
};
