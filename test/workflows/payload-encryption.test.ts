import { spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPayloadConverter } from '@temporalio/common';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { dataConverterFor } from '../../src/temporal/connection';
import { createPayloadCodec } from '../../src/temporal/payload-codec';
import { WORKFLOWS, TASK_QUEUES } from '../../src/contracts/reservation';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';
import { signalPayload, stepsOf } from '../support/temporal-history';

describe('With a payload key', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    system = await startSystem({
      childEnv: { PAYLOAD_ENCRYPTION_KEY: randomBytes(32).toString('base64') },
    });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  it('a reservation runs to its end and Temporal holds its payloads as ciphertext alone', async () => {
    const event = await api.event();
    const reservation = await api.held(event, ['A-7']);
    await api.pay(reservation, 'reference-in-clear');
    await api.until(reservation.id, 'confirmed');
    const handle = system.temporal.workflow.getHandle(reservation.id);
    const history = await handle.fetchHistory();
    const text = JSON.stringify(JSON.parse(historyToJSON(history)), (_key, value: unknown) =>
      // Payload data is base64 in this form.
      typeof value === 'string' && /^[A-Za-z0-9+/]{16,}={0,2}$/.test(value)
        ? `${value} ${Buffer.from(value, 'base64').toString('latin1')}`
        : value,
    );
    expect(text).toContain('binary/encrypted');
    expect(text).not.toContain('reference-in-clear');
    expect(text).not.toContain('A-7');
  });
});

describe('Where every sender encrypts', () => {
  let system: TestSystem;
  let api: ApiClient;
  const key = randomBytes(32);
  const codec = createPayloadCodec([key]);
  beforeAll(async () => {
    system = await startSystem({
      childEnv: {
        PAYLOAD_ENCRYPTION_KEY: key.toString('base64'),
        PAYLOAD_CLEAR: 'refused',
      },
    });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  it('a reservation runs to its end, and what somebody starts without the key does nothing', async () => {
    const event = await api.event();
    const reservation = await api.held(event, ['A-1']);
    await system.temporal.workflow.start(WORKFLOWS.reservation, {
      taskQueue: TASK_QUEUES.reservations,
      workflowId: 'started-without-the-key',
      args: [{ event, seats: ['A-2'] }],
    });
    const handle = system.temporal.workflow.getHandle('started-without-the-key');
    await eventually(async () => expect((await handle.describe()).status.name).toBe('FAILED'));
    const { events } = await handle.fetchHistory();
    const { failure } = events!.at(-1)!.workflowExecutionFailedEventAttributes!;
    expect(failure!.message).toBe('Encoded failure');
    const [told] = await codec.decode([failure!.encodedAttributes!]);
    expect(Buffer.from(told!.data!).toString()).toContain('PAYLOAD_CLEAR');
    await api.pay(reservation);
    await api.until(reservation.id, 'confirmed');
    expect((await api.hold(event, ['A-2'])).status).toBe(201);
  });

  it('a signal without the key, or one that was changed, has no effect, and the payment after it counts', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    const payment = { reference: 'by-hand-in-clear', ...held.total };
    const [sealed] = await codec.encode([defaultPayloadConverter.toPayload(payment)]);
    const changed = { ...sealed, data: Buffer.from(sealed!.data!).reverse() };
    for (const payload of [defaultPayloadConverter.toPayload(payment), changed])
      await eventually(() => signalPayload(system.temporal, held.id, payload));
    await api.pay(held, 'by-card');
    await api.until(held.id, 'confirmed');
    expect((await api.payments(held.id)).map(({ reference }) => reference)).toEqual(['by-card']);
  });
});

describe('While the payload key is changed', () => {
  const REPLAY = join(__dirname, '../../dist/src/cli/replay.js');
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  const setting = (...keys: Buffer[]) => keys.map((key) => key.toString('base64')).join(',');
  const idOf = (key: Buffer) => createHash('sha256').update(key).digest('hex').slice(0, 16);
  let system: TestSystem | undefined;
  afterAll(() => system?.stop());

  it('a reservation that began under the old one goes on under both, is paid, and its history replays', async () => {
    system = await startSystem({ childEnv: { PAYLOAD_ENCRYPTION_KEY: setting(oldKey) } });
    const { databaseUrl, temporalNamespace: namespace } = system.info;
    let api = new ApiClient(system.info);
    const { id, total } = await api.held(await api.event(), ['A-1']);
    /** Goes on with these keys once so many steps of the reservation were made. */
    const steps = async (): Promise<number> => (await stepsOf(system!.temporal, id)).length;
    const goOn = async (after: number, ...keys: Buffer[]) => {
      await eventually(async () => expect(await steps()).toBeGreaterThanOrEqual(after));
      await system!.leave();
      const childEnv = { PAYLOAD_ENCRYPTION_KEY: setting(...keys) };
      system = await startSystem({ databaseUrl, namespace, childEnv });
      api = new ApiClient(system.info);
    };
    await goOn(1, oldKey, newKey);
    expect((await api.call('POST', `/v1/reservations/${id}/extend`)).status).toBe(200);
    await goOn(2, newKey, oldKey);
    await api.pay({ id, total });
    await api.until(id, 'confirmed');
    const handle = system.temporal.workflow.getHandle(id);
    await eventually(async () => expect((await handle.describe()).status.name).toBe('COMPLETED'));

    const history = historyToJSON(await handle.fetchHistory());
    // Ids of keys are base64 there, as all metadata is.
    for (const key of [oldKey, newKey])
      expect(history).toContain(Buffer.from(idOf(key)).toString('base64'));
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-replay-'));
    const file = join(folder, 'history.json');
    writeFileSync(file, history);
    const replayed = (...keys: Buffer[]): string =>
      spawnSync(process.execPath, [REPLAY, file], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, PAYLOAD_ENCRYPTION_KEY: setting(...keys) },
      }).stdout;
    try {
      expect(replayed(newKey, oldKey)).toContain('✓ history.json replays');
      expect(replayed(newKey)).toContain('✗ history.json');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('The payload codec', () => {
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('"A-1"') };

  it('gives back what it was given', async () => {
    const codec = createPayloadCodec([randomBytes(32)]);
    const [back] = await codec.decode(await codec.encode([payload]));
    expect(Buffer.from(back!.data!).toString()).toBe('"A-1"');
  });

  it('reads payloads in clear from before the switch', async () => {
    expect(await createPayloadCodec([randomBytes(32)]).decode([payload])).toEqual([payload]);
  });

  it('refuses payloads in clear once every sender encrypts', async () => {
    const codec = createPayloadCodec([randomBytes(32)], 'refused');
    await expect(codec.decode([payload])).rejects.toThrow(/not encrypted/);
    expect(await codec.decode(await codec.encode([payload]))).toHaveLength(1);
    const withoutKey = () => dataConverterFor({ PAYLOAD_CLEAR: 'refused' });
    expect(withoutKey).toThrow('it needs PAYLOAD_ENCRYPTION_KEY');
  });

  it('names the keys when it is given the wrong one', async () => {
    const sealed = await createPayloadCodec([randomBytes(32)]).encode([payload]);
    await expect(createPayloadCodec([randomBytes(32)]).decode(sealed)).rejects.toThrow(
      /was encrypted with key [0-9a-f]{16}, not with/,
    );
  });

  it('refuses what was tampered with', async () => {
    const codec = createPayloadCodec([randomBytes(32)]);
    const [sealed] = await codec.encode([payload]);
    sealed!.data![20]! ^= 1;
    await expect(codec.decode([sealed!])).rejects.toThrow();
  });
});
