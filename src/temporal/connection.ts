import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { createPayloadCodec } from './payload-codec';

/**
 * The address of Temporal from the SDK's own environment configuration (TEMPORAL_ADDRESS,
 * TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS…, a profile file). A local server, a cluster
 * with mTLS and Temporal Cloud therefore differ in settings only.
 */
export function temporalConfig(): ClientConnectConfig & { namespace: string } {
  const config = loadClientConnectConfig();
  return {
    ...config,
    connectionOptions: {
      ...config.connectionOptions,
      address: config.connectionOptions.address ?? '127.0.0.1:7233',
    },
    namespace: config.namespace ?? 'default',
  };
}

/** The address of Temporal, and whether the connection is encrypted. */
export function temporalEndpoint(): { address: string; tls: boolean } {
  // An API key enables TLS, unless TLS is turned off explicitly.
  const { address, tls } = temporalConfig().connectionOptions;
  return { address: address ?? '', tls: Boolean(tls) };
}

export const dataConverterFor = (encryptionKey: Buffer | undefined) =>
  encryptionKey ? { payloadCodecs: [createPayloadCodec(encryptionKey)] } : undefined;

/** A client that connects on first use and reconnects after an outage. */
export function createTemporalClient(encryptionKey: Buffer | undefined): Client {
  const { connectionOptions, namespace } = temporalConfig();
  const dataConverter = dataConverterFor(encryptionKey);
  return new Client({
    connection: Connection.lazy(connectionOptions),
    namespace,
    ...(dataConverter && { dataConverter }),
  });
}

/** A worker's connection; a worker can only be created with an established connection. */
export function connectNative(): Promise<NativeConnection> {
  return NativeConnection.connect(temporalConfig().connectionOptions);
}
