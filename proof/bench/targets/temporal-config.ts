import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../../../dev/steps';

/** As in docker-compose.yml: a cluster with data cannot change it. */
const HISTORY_SHARDS = 512;
/** The file that docker-compose.yml mounts. */
const DYNAMIC_CONFIG = join(PROJECT, 'docker', 'temporal-dynamic-config.yaml');
/** As in docker-compose.yml and for the development server. */
export const SERVER_ENV = { GOGC: '400' } as const;
/** The name of the configuration, for the server's `--env`. */
export const ENVIRONMENT = 'bench';
export const DATABASES = { history: 'temporal', visibility: 'temporal_visibility' } as const;

/** Each service has a gRPC port and a port for membership gossip. */
export type ServicePorts = Record<
  'frontend' | 'matching' | 'history' | 'worker',
  { rpc: number; membership: number }
>;

function store(postgres: URL, databaseName: string, maxConns: number): object {
  const [user, password] = [postgres.username, postgres.password].map(decodeURIComponent);
  const pool = { maxConns, maxIdleConns: maxConns, maxConnLifetime: '1h' };
  const where = {
    pluginName: 'postgres12',
    connectAddr: postgres.host,
    connectProtocol: 'tcp',
    databaseName,
  };
  return { sql: { ...where, user, password, ...pool } };
}

/**
 * Writes the configuration of a server with all four services in one process and both stores on one PostgreSQL: the
 * configuration of docker-compose.yml, on free ports. JSON, which is valid YAML.
 */
export function writeServerConfig(
  folder: string,
  postgresUrl: string,
  ports: ServicePorts,
  metricsPort?: number,
): void {
  const postgres = new URL(postgresUrl);
  const services = Object.entries(ports).map(([name, { rpc, membership }]) => [
    name,
    { rpc: { grpcPort: rpc, membershipPort: membership, bindOnIP: '127.0.0.1' } },
  ]);
  const address = `127.0.0.1:${ports.frontend.rpc}`;
  const cluster = {
    enabled: true,
    initialFailoverVersion: 1,
    rpcName: 'frontend',
    rpcAddress: address,
  };
  const config = {
    log: { stdout: true, level: 'error' },
    persistence: {
      numHistoryShards: HISTORY_SHARDS,
      defaultStore: 'default',
      visibilityStore: 'visibility',
      datastores: {
        default: store(postgres, DATABASES.history, 20),
        visibility: store(postgres, DATABASES.visibility, 10),
      },
    },
    global: {
      membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' },
      ...(metricsPort !== undefined && {
        metrics: { prometheus: { listenAddress: `127.0.0.1:${metricsPort}` } },
      }),
    },
    services: Object.fromEntries(services) as object,
    clusterMetadata: {
      enableGlobalNamespace: false,
      failoverVersionIncrement: 10,
      masterClusterName: 'active',
      currentClusterName: 'active',
      clusterInformation: { active: cluster },
    },
    dcRedirectionPolicy: { policy: 'noop' },
    dynamicConfigClient: { filepath: DYNAMIC_CONFIG, pollInterval: '60s' },
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // It contains the password of the database.
  writeFileSync(join(folder, `${ENVIRONMENT}.yaml`), JSON.stringify(config, null, 2), {
    mode: 0o600,
  });
}
