import { join } from 'node:path';
import type { Bench } from './case';
import { startProgram } from './program';

export interface ApiBeside {
  url: string;
  stop: () => Promise<void>;
}

/**
 * Starts another API process of ours beside the stack's, on the same machine and, unless told, the same database.
 * @param options.unobserved it records no figures; its log is for `env` to silence
 */
export async function startApiBeside(
  { stack }: Bench,
  name: string,
  options: { env?: NodeJS.ProcessEnv; unobserved?: boolean } = {},
): Promise<ApiBeside> {
  const { databaseUrl, temporalAddress, temporalNamespace } = stack.info();
  const port = await stack.services.ports.free();
  const { PATH, HOME } = process.env;
  const { stop } = await startProgram({
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
    ...(options.unobserved && { nodeArgs: ['--require', join(__dirname, 'limits', 'unobserved', 'main.js')] }),
  });
  return { url: `http://127.0.0.1:${port}`, stop };
}
