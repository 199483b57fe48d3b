import { spawn } from 'node:child_process';
import { readDevInfo, readSettings } from './product';
import { findTemporal } from './temporal-binary';

/**
 * The CLI reads these settings itself. If they are set, they name the server to use instead of the
 * one of `npm run dev`.
 */
const SERVER_SETTINGS = ['TEMPORAL_ADDRESS', 'TEMPORAL_PROFILE', 'TEMPORAL_CONFIG_FILE'] as const;

/**
 * The environment for the CLI: the server that the settings name, otherwise the one in `dev.json`.
 */
function environment(): NodeJS.ProcessEnv {
  const dev = readDevInfo(readSettings(['HOLDFAST_HOME']).HOLDFAST_HOME);
  if (dev === null || SERVER_SETTINGS.some((name) => process.env[name])) return process.env;
  return {
    ...process.env,
    TEMPORAL_ADDRESS: dev.temporalAddress,
    TEMPORAL_NAMESPACE: dev.temporalNamespace,
  };
}

/**
 * Runs the Temporal CLI of `npm run dev` with the given arguments, and exits with its exit code.
 */
async function main(): Promise<void> {
  const cli = await findTemporal({ env: process.env, progress: (line) => console.error(line) });
  const child = spawn(cli, process.argv.slice(2), { stdio: 'inherit', env: environment() });
  // The terminal sends Ctrl-C to the CLI too; this process exits with the CLI's exit code.
  process.on('SIGINT', () => undefined);
  process.exitCode = await new Promise<number>((resolve, reject) =>
    child.once('error', reject).once('close', (code) => resolve(code ?? 1)),
  );
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
