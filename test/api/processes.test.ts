import { readFileSync } from 'node:fs';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const PROCESSES = 3;
const PER_MINUTE = 60;

/** The processes that one has started. */
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter(Boolean)
    .map(Number);

describe('An API in several processes on one port', () => {
  let system: TestSystem;
  let api: ApiClient;
  beforeAll(async () => {
    system = await startSystem({
      apiEnv: { API_PROCESSES: String(PROCESSES), RATE_LIMIT: String(PER_MINUTE) },
    });
    api = new ApiClient(system.info);
  });
  afterAll(() => system.stop());

  /** A call on a connection of its own, so that any of the processes may get it. */
  const statusOf = async (path: string) =>
    (
      await fetch(`${system.info.apiUrl}${path}`, { headers: { connection: 'close' } }).catch(
        () => null,
      )
    )?.status;
  /** 503 while one of the processes still starts, or is too busy to report: asked for again, as a scraper does. */
  const metrics = () =>
    eventually(async () => {
      const { apiUrl, keys } = system.info;
      const answer = await fetch(`${apiUrl}/metrics`, {
        headers: { authorization: `Bearer ${keys.operator}` },
      });
      expect(answer.status).toBe(200);
      return answer.text();
    });

  it('counts holds of all of them together', async () => {
    const event = await api.event();
    for (const seat of ['A-1', 'A-2', 'A-3']) await api.held(event, [seat]);
    const text = await metrics();
    expect(text).toMatch(/^holdfast_holds_total\{outcome="held"\} 3$/m);
    expect(text).toMatch(/^holdfast_outbox_entries\{scope="database"\} \d+$/m);
  });

  it('replaces a process that was killed, and is there meanwhile', async () => {
    const before = childrenOf(system.info.pids.api);
    expect(before).toHaveLength(PROCESSES);
    process.kill(before[0]!, 'SIGKILL');
    await eventually(() => {
      const now = childrenOf(system.info.pids.api);
      expect(now).toHaveLength(PROCESSES);
      expect(now).not.toContain(before[0]);
    });
    expect(await statusOf('/livez')).toBe(200);
  });

  it('counts requests of all of them for the rate limit, but no probes', async () => {
    const many = (path: string) =>
      Promise.all(Array.from({ length: 2 * PER_MINUTE }, () => statusOf(path)));
    const answers = await many('/v1/ticket-key');
    const served = answers.filter((status) => status === 200).length;
    expect(served).toBeLessThanOrEqual(PER_MINUTE);
    expect(answers).toContain(429);
    // A load balancer's probes come from an address that may be busy. On a busy machine a process may not be
    // ready for a moment; were probes counted, each try would make more of them 429.
    for (const probe of ['/livez', '/readyz'])
      await eventually(async () => {
        expect(new Set(await many(probe))).toEqual(new Set([200]));
      });
  });

  it('ends with all its processes when it is told to', async () => {
    const pids = childrenOf(system.info.pids.api);
    await system.stack.part('api')!.stop();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow(/ESRCH/);
  });
});
