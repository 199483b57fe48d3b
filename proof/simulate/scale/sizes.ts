/** What a resource that the monitor reads is called in a deployment. */
export const SIZES = {
  'API processes': 'apiProcesses',
  'PostgreSQL cores': 'postgresCores',
  relays: 'relays',
  'Temporal cores': 'temporalCores',
  'Temporal database cores': 'temporalDatabaseCores',
  'Temporal shards': 'temporalShards',
  'reservation workers': 'workers',
  'document workers': 'documentWorkers',
  'mail workers': 'mailWorkers',
} as const;

export type Size = (typeof SIZES)[keyof typeof SIZES];

export const sizeOf = (resource: string): Size | undefined => (SIZES as Record<string, Size>)[resource];

/** What answers the buyers; the others work behind the answers. */
export const FRONT_RESOURCES: readonly string[] = ['API processes', 'PostgreSQL cores'];

/** The rush is over by then, and the seats with it. */
export const FRONT_SECONDS = 30;
