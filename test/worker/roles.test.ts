import { setTimeout as sleep } from 'node:timers/promises';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ workers: ['relay', 'reservations', 'documents,mail'] });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

describe('Each role in a worker of its own', () => {
  it('carries a reservation through, and a relay alone stays up', async () => {
    const [relay] = system.stack.pids().workers;
    const reservation = await api.held(await api.event(), ['A-1']);
    await api.pay(reservation);
    await api.until(reservation.id, 'confirmed');
    await sleep(2_000);
    expect(system.stack.pids().workers[0]).toBe(relay);
  });
});
