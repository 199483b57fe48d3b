import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { HOUSEKEEPING_SCHEDULE_ID, SEARCH_ATTRIBUTE_TYPES } from '../../src/contracts/reservation';
import { eventually } from '../support/api';
import { runProgram } from '../support/run-program';
import { createTestNamespace, testServices } from '../support/services';
import { createTestDatabase, dropTestDatabase } from '../support/system';

const MIGRATE = join(__dirname, '../../dist/src/cli/migrate.js');

let namespace: string;
let databaseUrl: string;
let connection: Connection;
let temporal: Client;

beforeAll(async () => {
  [namespace, databaseUrl] = await Promise.all([createTestNamespace(), createTestDatabase()]);
  connection = await Connection.connect({ address: testServices().temporalAddress });
  temporal = new Client({ connection, namespace });
});
afterAll(async () => {
  await connection.close();
  await dropTestDatabase(databaseUrl);
});

const migrate = () =>
  runProgram(MIGRATE, {
    DATABASE_URL: databaseUrl,
    TEMPORAL_ADDRESS: testServices().temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
  });

describe('migrate, with TEMPORAL_ADDRESS', () => {
  it('brings a housekeeping schedule of the release before to what it is now, and leaves it paused', async () => {
    const { schedule } = temporal;
    const handle = await schedule.create({
      scheduleId: HOUSEKEEPING_SCHEDULE_ID,
      spec: { intervals: [{ every: '1 hour' }] },
      action: { type: 'startWorkflow', workflowType: 'asItWas', taskQueue: 'elsewhere' },
      state: { paused: true, note: 'paused by Ada' },
    });
    expect(await migrate()).toMatchObject({ code: 0 });
    const { spec, action, state } = await eventually(async () => {
      const described = await handle.describe();
      expect(described.spec.intervals?.[0]?.every).toBe(60_000);
      return described;
    });
    expect(spec.intervals).toHaveLength(1);
    expect(action).toMatchObject({ workflowType: 'housekeeping', taskQueue: 'reservations' });
    expect(state).toMatchObject({ paused: true, note: 'paused by Ada' });
  });

  it('registers the search attributes and makes the schedule where there is none, and may be repeated', async () => {
    const handle = temporal.schedule.getHandle(HOUSEKEEPING_SCHEDULE_ID);
    await handle.delete();
    for (const _ of ['once', 'twice']) expect(await migrate()).toMatchObject({ code: 0 });
    expect((await handle.describe()).state.paused).toBe(false);
    const { customAttributes } = await connection.operatorService.listSearchAttributes({
      namespace,
    });
    expect(Object.keys(customAttributes)).toEqual(
      expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTE_TYPES)),
    );
  });
});
