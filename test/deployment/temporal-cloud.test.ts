import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { indexedTypesOf, SEARCH_ATTRIBUTES } from '../../src/contracts/reservation';
import { ApiClient, eventually } from '../support/api';
import { makeCertificates, SERVER_NAME, type Certificates } from '../support/certificates';
import { runProgram } from '../support/run-program';
import { createTestNamespace, testServices } from '../support/services';
import { createTestDatabase, startSystem, type TestSystem } from '../support/system';
import {
  startTemporalGateway,
  type GatewayOptions,
  type TemporalGateway,
} from '../support/temporal-gateway';

const MIGRATE = join(__dirname, '../../dist/src/cli/migrate.js');
const API_KEY = `key-${randomUUID()}`;

const certificates = makeCertificates();
if ('reason' in certificates)
  process.stderr.write(`Skipped, what needs TLS: ${certificates.reason}\n`);

/** What the owner of a namespace does in Temporal Cloud's own pages: makes it, and its search attributes. */
async function makeNamespace({ attributes }: { attributes: boolean }): Promise<string> {
  const namespace = await createTestNamespace();
  if (!attributes) return namespace;
  const connection = await Connection.connect({ address: testServices().temporalAddress });
  try {
    const searchAttributes = indexedTypesOf(Object.values(SEARCH_ATTRIBUTES));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } finally {
    await connection.close();
  }
  return namespace;
}

/** The settings that docs/guides/run-in-production.md names; the server's certificate is of our own authority. */
function settingsFor(
  { authority, client }: Certificates,
  gateway: TemporalGateway,
  admits: GatewayOptions['admits'],
): NodeJS.ProcessEnv {
  return {
    TEMPORAL_ADDRESS: `127.0.0.1:${gateway.port}`,
    TEMPORAL_TLS_SERVER_CA_CERT_PATH: authority,
    TEMPORAL_TLS_SERVER_NAME: SERVER_NAME,
    ...(admits === 'certificate'
      ? {
          TEMPORAL_TLS_CLIENT_CERT_PATH: client.certificate,
          TEMPORAL_TLS_CLIENT_KEY_PATH: client.key,
        }
      : { TEMPORAL_API_KEY: admits.apiKey }),
  };
}

const migrate = (env: NodeJS.ProcessEnv) => runProgram(MIGRATE, env);

const WAYS = [
  { by: 'a client certificate', admits: 'certificate' },
  { by: 'an API key', admits: { apiKey: API_KEY } },
] as const;

describe.each(WAYS)('With Temporal behind TLS that admits by $by', ({ admits }) => {
  if ('reason' in certificates) {
    it.skip(certificates.reason, () => undefined);
    return;
  }

  let gateway: TemporalGateway;
  let settings: NodeJS.ProcessEnv;
  let namespace: string;
  let system: TestSystem;
  beforeAll(async () => {
    gateway = await startTemporalGateway(testServices().temporalAddress, { certificates, admits });
    settings = settingsFor(certificates, gateway, admits);
    namespace = await makeNamespace({ attributes: true });
    system = await startSystem({ childEnv: { ...settings, TEMPORAL_NAMESPACE: namespace } });
  });
  afterAll(async () => {
    await system.stop();
    await gateway.close();
  });

  it('settings alone bring API, relay and workers through, and seats are sold', async () => {
    const api = new ApiClient(system.info);
    const held = await api.held(await api.event(), ['A-1']);
    expect((await api.pay(held)).status).toBe(200);
    await api.until(held.id, 'confirmed');
    expect(await api.tickets(held.id)).toHaveLength(1);
    expect((await api.call('GET', '/readyz', { key: null })).body.degraded).toBeUndefined();

    const methods = new Set(gateway.calls.map(({ method }) => method));
    for (const method of [
      'DescribeNamespace',
      'StartWorkflowExecution',
      'PollWorkflowTaskQueue',
      'CreateSchedule',
    ])
      expect(methods).toContain(method);
    const credentials = new Set(
      gateway.calls.map(({ authorization, client }) => authorization ?? client),
    );
    const expected = admits === 'certificate' ? 'holdfast-test-client' : `Bearer ${API_KEY}`;
    expect([...credentials]).toEqual([expected]);
  });

  it('every call about a namespace names it in a header, by which a regional address finds it', () => {
    const unnamed = gateway.calls
      .filter((call) => call.namespace !== namespace)
      .map(({ method }) => method);
    expect(
      [...new Set(unnamed)].filter((method) => !['GetSystemInfo', 'Check'].includes(method)),
    ).toEqual([]);
  });

  it('a client without it does not come through', async () => {
    const tls = {
      serverNameOverride: SERVER_NAME,
      serverRootCACertificate: readFileSync(certificates.authority),
    };
    const address = `127.0.0.1:${gateway.port}`;
    await expect(Connection.connect({ address, tls, connectTimeout: '5s' })).rejects.toThrow();
  });

  it('the migration goes through where the search attributes are there, and says which are missing', async () => {
    const databaseUrl = await createTestDatabase();
    const env = { ...settings, DATABASE_URL: databaseUrl };
    expect(await migrate({ ...env, TEMPORAL_NAMESPACE: namespace })).toMatchObject({ code: 0 });
    const bare = await makeNamespace({ attributes: false });
    const refused = await eventually(async () => {
      const run = await migrate({ ...env, TEMPORAL_NAMESPACE: bare });
      expect(run.said).toContain('ReservationStatus');
      return run;
    });
    expect(refused.code).toBe(1);
    expect(refused.said).toContain('EventSlug');
    expect(refused.said.trim().split('\n')).toHaveLength(2);
  });
});

afterAll(() => {
  if (!('reason' in certificates)) rmSync(certificates.folder, { recursive: true, force: true });
});
