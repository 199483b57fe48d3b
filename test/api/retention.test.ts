import { WorkflowNotFoundError } from '@temporalio/client';
import { ApiClient, eventually, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

/** Three workflows wait side by side for a deletion, which takes about 4 s on a quiet machine. */
const FORGET_LIMIT_MS = 240_000;

let system: TestSystem;
let api: ApiClient;
let event: string;
let sold: Reservation;
let toCancel: Reservation;
let expired: Reservation;

/** What retention does to a closed workflow, sooner. */
async function forget(id: string): Promise<void> {
  const handle = system.temporal.workflow.getHandle(id);
  await eventually(() => handle.result());
  const { namespace } = system.temporal.options;
  await system.temporal.workflowService.deleteWorkflowExecution({
    namespace,
    workflowExecution: { workflowId: id },
  });
  await eventually(
    () => expect(handle.describe()).rejects.toThrow(WorkflowNotFoundError),
    FORGET_LIMIT_MS,
  );
}

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
  event = await api.event();
  sold = await api.held(event, ['A-1'], { id: 'forgotten-key-1' });
  toCancel = await api.held(event, ['A-2']);
  expired = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
  await api.pay(sold);
  await api.pay(toCancel);
  await Promise.all([sold, toCancel, expired].map(({ id }) => forget(id)));
}, 2 * FORGET_LIMIT_MS);
afterAll(() => system.stop());

describe('After Temporal has forgotten the workflow', () => {
  it('the same key still answers with the same reservation', async () => {
    const again = await api.hold(event, ['A-1'], { id: sold.id });
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.body).toMatchObject({ id: sold.id, status: 'confirmed' });
  });

  it('a cancel is carried out and answered within its time', async () => {
    const answer = await api.cancel(toCancel.id);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ status: 'cancelled' });
    await eventually(async () =>
      expect((await api.get(toCancel.id)).body.payment?.status).toBe('refunded'),
    );
  });

  it('a late payment takes the seats of the expired reservation again', async () => {
    await api.pay(expired);
    await api.until(expired.id, 'confirmed');
    await eventually(async () => {
      expect((await api.call('GET', `/v1/reservations/${expired.id}/tickets`)).status).toBe(200);
    });
  });
});
