import { Client, Connection, type WorkflowClientInterceptor } from '@temporalio/client';
import { loadClientConnectConfig, type ClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { checkSetting, SettingsError } from '../config';
import { createPayloadCodec } from './payload-codec';

/**
 * The address of Temporal from the SDK's own environment configuration (TEMPORAL_ADDRESS,
 * TEMPORAL_NAMESPACE, TEMPORAL_API_KEY, TEMPORAL_TLS…, a profile file). A local server, a cluster
 * with mTLS and Temporal Cloud therefore differ in settings only.
 * @throws SettingsError when the address is none
 */
export function temporalConfig(): ClientConnectConfig & { namespace: string } {
  const config = loadClientConnectConfig();
  if (config.connectionOptions.address !== undefined)
    checkSetting('TEMPORAL_ADDRESS', config.connectionOptions.address);
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

/** The settings about payloads; PAYLOAD_CLEAR says whether unencrypted ones are read as well. */
export interface PayloadSettings {
  PAYLOAD_ENCRYPTION_KEY?: [Buffer, ...Buffer[]] | undefined;
  PAYLOAD_CLEAR: 'accepted' | 'refused';
}

/**
 * What writes payloads and reads them, and encrypts them where there is a key.
 * @throws SettingsError when clear payloads are refused and there is no key for others
 */
export function dataConverterFor({
  PAYLOAD_ENCRYPTION_KEY: keys,
  PAYLOAD_CLEAR: clear,
}: PayloadSettings) {
  const payloadConverterPath = require.resolve('./payload-converter');
  if (keys) {
    return {
      payloadConverterPath,
      payloadCodecs: [createPayloadCodec(keys, clear)],
      failureConverterPath: require.resolve('./sealed-failures'),
    };
  }
  if (clear === 'refused')
    throw new SettingsError(
      'Setting PAYLOAD_CLEAR cannot be used: it needs PAYLOAD_ENCRYPTION_KEY',
    );
  return { payloadConverterPath };
}

/** What people read payloads with: those in clear too, whatever the workers refuse. */
export const payloadCodecOf = ({ PAYLOAD_ENCRYPTION_KEY: keys }: PayloadSettings) =>
  keys ? createPayloadCodec(keys) : null;

/**
 * A client that connects on first use and reconnects after an outage.
 * @param workflow interceptors of its calls about workflows
 */
export function createTemporalClient(
  payloads: PayloadSettings,
  workflow: WorkflowClientInterceptor[] = [],
): Client {
  const { connectionOptions, namespace } = temporalConfig();
  return new Client({
    connection: Connection.lazy(connectionOptions),
    namespace,
    interceptors: { workflow },
    dataConverter: dataConverterFor(payloads),
  });
}

/** A worker's connection; a worker can only be created with an established connection. */
export function connectNative(): Promise<NativeConnection> {
  return NativeConnection.connect(temporalConfig().connectionOptions);
}
