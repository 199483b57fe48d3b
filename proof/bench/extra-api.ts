import { join } from 'node:path';
import type { Bench } from './case';
import { startProgram } from './program';

export interface ExtraApi {
  url: string;
  pid: number;
  stop: () => Promise<void>;
}

/**
 * Starts another API process of ours beside the one of the stack, on the same database unless `env` names another.
 * @param options.withoutMetrics it records no metrics; `env` can silence its log
 */
export async function startExtraApi(
  { stack }: Bench,
  name: string,
  options: { env?: NodeJS.ProcessEnv; withoutMetrics?: boolean } = {},
): Promise<ExtraApi> {
  const { databaseUrl, temporalAddress, temporalNamespace } = stack.info();
  const port = await stack.services.ports.free();
  const { PATH, HOME } = process.env;
  const { stop, pid } = await startProgram({
    path: ['src', 'api', 'main.js'],
    env: {
      PATH,
      HOME,
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporalAddress,
      TEMPORAL_NAMESPACE: temporalNamespace,
      RATE_LIMIT: 'off',
      HOST: '127.0.0.1',
      PORT: String(port),
      ...options.env,
    },
    logFile: join(stack.logFolder, `bench-api-${name}.log`),
    ...(options.withoutMetrics && {
      nodeArgs: ['--require', join(__dirname, 'baselines', 'no-observability', 'main.js')],
    }),
  });
  return { url: `http://127.0.0.1:${port}`, pid, stop };
}
