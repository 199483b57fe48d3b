import { rmSync } from 'node:fs';
import { runProgram, untilAborted } from '../program';
import { forgetKept, KEPT_HOME, recordKept, startTestServices } from './services';

/** Keeps the services of the tests running, for test runs that follow each other. */
async function run(stop: AbortSignal): Promise<void> {
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const services = await startTestServices(KEPT_HOME, {
    signal: stop,
    progress: (line) => console.log(line),
    onEnd: (name, reason) => console.log(`${name} ${reason}; it is started again`),
    onFailure: fail,
  });
  recordKept(services);
  console.log('ready: test runs use these services until this program ends');
  const failure = await Promise.race([failed, untilAborted(stop)]);
  forgetKept();
  await services.stop();
  rmSync(KEPT_HOME, { recursive: true, force: true });
  if (failure) throw failure;
}

void runProgram(run);
