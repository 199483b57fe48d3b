import { execFile } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { createPayloadCodec } from '../../src/temporal/payload-codec';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const UI = 'https://temporal.shop.example';
const key = randomBytes(32);
const oldKey = randomBytes(32);
const keys = [key, oldKey].map((one) => one.toString('base64')).join(',');
let system: TestSystem;
let api: ApiClient;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-codec-'));
  system = await startSystem({
    childEnv: { PAYLOAD_ENCRYPTION_KEY: keys },
    apiEnv: { TEMPORAL_UI_URL: UI },
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
});

interface Payloads {
  payloads: { metadata: Record<string, string>; data: string }[];
}
const clear: Payloads = {
  payloads: [{ metadata: { encoding: 'anNvbi9wbGFpbg==' }, data: 'IkEtMSI=' }],
};
const call = (verb: 'encode' | 'decode', body: Payloads, operator = true) =>
  api.call<Payloads>('POST', `/codec/${verb}`, {
    key: operator ? system.info.keys.operator : system.info.keys.client,
    body,
  });
/** Base64, as protobuf's JSON has it, read as text too. */
const textOf = (history: Parameters<typeof historyToJSON>[0]): string =>
  JSON.stringify(JSON.parse(historyToJSON(history)), (_key, value: unknown) =>
    typeof value === 'string' && /^[A-Za-z0-9+/]{16,}={0,2}$/.test(value)
      ? `${value} ${Buffer.from(value, 'base64').toString('latin1')}`
      : value,
  );

describe('The codec for the Temporal UI and command line', () => {
  it('encrypts with the first key, and decrypts what it and the one before have encrypted', async () => {
    const sealed = await call('encode', clear);
    expect(sealed.status).toBe(200);
    expect(JSON.stringify(sealed.body)).not.toContain('IkEtMSI=');
    expect((await call('decode', sealed.body)).body).toEqual(clear);
    const before = await createPayloadCodec([oldKey]).encode([
      { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"A-1"') },
    ]);
    const old = before.map(({ metadata, data }) => ({
      metadata: Object.fromEntries(
        Object.entries(metadata!).map(([name, value]) => [
          name,
          Buffer.from(value).toString('base64'),
        ]),
      ),
      data: Buffer.from(data!).toString('base64'),
    }));
    expect((await call('decode', { payloads: old })).body).toEqual(clear);
  });

  it('says which key is missing, and is never at a loss', async () => {
    const [other] = await createPayloadCodec([randomBytes(32)]).encode([
      { data: Buffer.from('1') },
    ]);
    const { metadata, data } = other!;
    const sealed = {
      payloads: [
        {
          metadata: Object.fromEntries(
            Object.entries(metadata!).map(([name, value]) => [
              name,
              Buffer.from(value).toString('base64'),
            ]),
          ),
          data: Buffer.from(data!).toString('base64'),
        },
      ],
    };
    const answer = await call('decode', sealed);
    expect(answer.status).toBe(422);
    expect(JSON.stringify(answer.body)).toMatch(/was encrypted with key [0-9a-f]{16}/);
  });

  it('serves an operator alone, and of pages those of the Temporal UI', async () => {
    expect((await call('decode', clear, false)).status).toBe(403);
    const preflight = (origin: string) =>
      fetch(`${system.info.apiUrl}/codec/decode`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST' },
      });
    const allowed = await preflight(UI);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, UI]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('Authorization');
    const other = await preflight('https://evil.example');
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    const answer = await api.call('POST', '/codec/decode', {
      key: system.info.keys.operator,
      body: clear,
      headers: { origin: UI, 'x-namespace': system.info.temporalNamespace },
    });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, UI]);
  });
});

describe('With a payload key', () => {
  it('failures are ciphertext to Temporal too, and are read with the key', async () => {
    const event = await api.event();
    await api.held(event, ['A-7']);
    const payload = { event, seats: ['A-7'] };
    const sealed = await createPayloadCodec([key]).encode([
      {
        metadata: { encoding: Buffer.from('json/plain') },
        data: Buffer.from(JSON.stringify(payload)),
      },
    ]);
    const id = randomUUID();
    await system.temporal.workflowService.startWorkflowExecution({
      namespace: system.info.temporalNamespace,
      workflowId: id,
      workflowType: { name: 'reservation' },
      taskQueue: { name: 'reservations' },
      requestId: randomUUID(),
      input: { payloads: sealed },
    });
    const handle = system.temporal.workflow.getHandle(id);
    await eventually(async () => expect((await handle.describe()).status.name).toBe('FAILED'));
    const history = await handle.fetchHistory();
    const text = textOf(history);
    expect(text).toContain('Encoded failure');
    expect(text).not.toContain('Nothing was held');
    expect(text).not.toContain('A-7');
    const { failure } = history.events!.at(-1)!.workflowExecutionFailedEventAttributes!;
    const [opened] = await createPayloadCodec([key]).decode([failure!.encodedAttributes!]);
    expect(Buffer.from(opened!.data!).toString()).toContain('Nothing was held: taken: A-7');
  });

  it('its histories replay with the key, and are refused without it', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const handle = system.temporal.workflow.getHandle(sold.id);
    await eventually(async () => expect((await handle.describe()).status.name).toBe('COMPLETED'));
    const file = join(folder, 'sold.json');
    writeFileSync(file, historyToJSON(await handle.fetchHistory()));
    const replay = (env: Record<string, string>) =>
      new Promise<{ code: number; said: string }>((resolve) => {
        execFile(
          process.execPath,
          [join(__dirname, '../../dist/src/cli/replay.js'), file],
          { env: { PATH: process.env.PATH, ...env }, timeout: 120_000 },
          (error, out, err) =>
            resolve({ code: error ? Number(error.code ?? -1) : 0, said: out + err }),
        );
      });
    expect(await replay({ PAYLOAD_ENCRYPTION_KEY: keys })).toEqual({
      code: 0,
      said: '✓ sold.json replays\n',
    });
    expect((await replay({})).code).toBe(1);
  });
});
