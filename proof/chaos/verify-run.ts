import { spawn } from 'node:child_process';
import type { Services } from '../../dev/services';
import { PROJECT, program } from '../../dev/steps';

export interface VerifyResult {
  sound: boolean;
  output: string;
}

const TIMEOUT_MS = 180_000;

/** Runs the program of `npm run verify` on the system; it bypasses the proxies. */
export async function runVerify(services: Services): Promise<VerifyResult> {
  const child = spawn(process.execPath, [program('src', 'cli', 'verify.js'), '--json'], {
    cwd: PROJECT,
    env: {
      PATH: process.env.PATH,
      DATABASE_URL: services.databaseUrl,
      TEMPORAL_ADDRESS: services.temporalAddress,
      TEMPORAL_NAMESPACE: services.temporalNamespace,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: TIMEOUT_MS,
  });
  let output = '';
  const take = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  return { sound: code === 0, output: output.trim() };
}
