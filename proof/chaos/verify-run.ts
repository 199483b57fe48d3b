import { spawn } from 'node:child_process';
import type { Services } from '../../dev/services';
import { PROJECT, program } from '../../dev/steps';

export interface VerifyResult {
  sound: boolean;
  output: string;
}

const LIMIT_MS = 180_000;

/** Runs `npm run verify`'s program on the system itself, past the proxies. */
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
    timeout: LIMIT_MS,
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
