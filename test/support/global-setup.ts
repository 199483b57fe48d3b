import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findChromium } from '../../dev/chromium';
import { SERVICE_NAMES, type Services } from '../../dev/services';
import {
  addressesOf,
  findKept,
  startTestServices,
  type TestServices,
} from '../../dev/test/services';
import { ensureTemplate } from './template';

declare global {
  /** What this run has started, to be stopped at its end; undefined where it uses kept services. */
  var holdfastTestServices: Services | undefined;
}

/** `TEST_SERVICES=postgres` starts no other service: enough for tests that only use a database. */
const ONLY = process.env.TEST_SERVICES;

const progress = (line: string): void => void process.stderr.write(`${line}\n`);

async function startOwnServices(): Promise<TestServices> {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const want = SERVICE_NAMES.filter((name) => ONLY === undefined || ONLY === name);
  const services = await startTestServices(home, { progress, want });
  globalThis.holdfastTestServices = services;
  return addressesOf(services);
}

/** Builds once; uses the kept services, or starts services for the whole run, on ports and in a folder of their own. */
export default async function globalSetup(): Promise<void> {
  execFileSync(process.execPath, [join(__dirname, '../../scripts/build.mjs')], {
    stdio: 'inherit',
  });
  const services = findKept(progress) ?? (await startOwnServices());
  process.env.HOLDFAST_TEST_SERVICES = JSON.stringify(services);
  process.env.HOLDFAST_TEST_TEMPLATE = await ensureTemplate(services.databaseUrl);
  // What starts a browser in a test finds it as a worker does.
  if (ONLY === undefined) process.env.PUPPETEER_EXECUTABLE_PATH ??= await findChromium(process.env);
}
