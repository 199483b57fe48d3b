import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const ofWorkers = async (): Promise<string> => {
  const answers = await Promise.all(
    system.stack.workerMetricsUrls.map(async (url) => (await fetch(url)).text()),
  );
  return answers.join('\n');
};

describe("A worker's metrics", () => {
  it('tell what was decided and how long it took: a sale, a late payment, a wrong amount, an end', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    const wrong = await api.held(await api.event(), ['A-1']);
    await api.standard({
      reservation: wrong.id,
      reference: 'too-little',
      amount: 1,
      currency: 'EUR',
    });
    const expired = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
    await api.until(expired.id, 'expired');
    await system.temporal.workflow.getHandle(expired.id).result();
    await api.pay(expired);
    await api.until(expired.id, 'confirmed');
    await eventually(async () => {
      const text = await ofWorkers();
      expect(text).toMatch(/^holdfast_settled_total\{outcome="confirmed",late="false"\} 1$/m);
      expect(text).toMatch(/^holdfast_settled_total\{outcome="confirmed",late="true"\} 1$/m);
      expect(text).toMatch(/^holdfast_settled_total\{outcome="refund_mismatch",late="false"\} 1$/m);
      expect(text).toMatch(/^holdfast_holds_expired_total\{by="\w+"\} 1$/m);
      expect(text).toMatch(/^holdfast_confirm_seconds_count 2$/m);
      expect(text).toMatch(/^holdfast_tickets_seconds_count 2$/m);
    });
  });

  it("have those of Temporal's SDK that the reference names", async () => {
    const page = readFileSync(join(__dirname, '../../docs/reference/metrics.md'), 'utf8');
    const named = [...page.matchAll(/`(temporal_\w+)`/g)].map(([, name]) => name!);
    expect(named.length).toBeGreaterThan(3);
    // What has not happened yet is not there yet.
    const failures = named.filter((name) => name.includes('_failed_'));
    const workflow = await system.temporal.workflow.start('refundOrder', {
      workflowId: 'by-hand:without-input',
      taskQueue: 'reservations',
      args: [],
    });
    await workflow.result().catch(() => undefined);
    await eventually(async () => {
      const text = await ofWorkers();
      const there = named.filter((name) => text.includes(`# TYPE ${name} `));
      const expected = named.filter(
        (name) => !failures.includes(name) || name === 'temporal_workflow_failed_total',
      );
      expect(there).toEqual(expect.arrayContaining(expected));
    });
  });
});
