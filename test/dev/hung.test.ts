import { endHungParts } from '../../dev/hung';
import { eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

describe('A worker that stands still (SIGSTOP)', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startSystem();
  });
  afterAll(() => system.stop());

  const degraded = async () =>
    ((await (await fetch(`${system.info.apiUrl}/readyz`)).json()) as { degraded?: string[] })
      .degraded;

  it('is seen by /readyz, and ended and started again by npm run dev', async () => {
    await eventually(async () => {
      expect(await degraded()).toBeUndefined();
    });
    const [hung] = system.stack.pids().workers;
    process.kill(hung!, 'SIGSTOP');
    await eventually(async () => {
      expect(await degraded()).toEqual(['temporal']);
    });
    process.kill(hung!, 'SIGCONT');
    await eventually(async () => {
      expect(await degraded()).toBeUndefined();
    });

    const stop = new AbortController();
    const said: string[] = [];
    const progress = (line: string) => said.push(line);
    const watching = endHungParts(system.stack, { signal: stop.signal, progress, everyMs: 200 });
    await eventually(async () => {
      const url = system.stack.workerMetricsUrls[0]!.replace('metrics', 'livez');
      expect((await fetch(url)).status).toBe(200);
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    process.kill(hung!, 'SIGSTOP');
    await eventually(async () => {
      expect(system.stack.pids().workers[0]).not.toBe(hung);
      expect(await degraded()).toBeUndefined();
    });
    expect(said).toEqual([`worker-1 does not answer any more (process ${hung}) and is ended`]);
    stop.abort();
    await watching;
  });
});
