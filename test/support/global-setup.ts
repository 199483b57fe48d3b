import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection } from '@temporalio/client';
import { google } from '@temporalio/proto';
import Long from 'long';
import { findChromium } from '../../dev/chromium';
import { startServices, type Services } from '../../dev/services';
import { NAMESPACES, type TestServices } from './services';

declare global {
  var holdfastTestServices: Services | undefined;
}

/** A namespace for each test file, so that no file's actors see another's. The migration registers its attributes. */
async function makeNamespaces(address: string): Promise<void> {
  const connection = await Connection.connect({ address });
  try {
    for (let index = 0; index < NAMESPACES; index++) {
      await connection.workflowService.registerNamespace({
        namespace: `test-${index}`,
        workflowExecutionRetentionPeriod: google.protobuf.Duration.create({ seconds: Long.fromNumber(86_400) }),
      });
    }
  } finally {
    await connection.close();
  }
}

/**
 * The server deletes a closed workflow only after its queue has recorded that the closing is done, by default every
 * 30 s, and looks again after 3 s and ever longer pauses.
 */
const DELETE_SOON = [
  'history.transferProcessorUpdateAckInterval="1s"',
  'history.visibilityProcessorUpdateAckInterval="1s"',
];

/** Builds once and starts the services once for the whole run, on ports and in a folder of their own. */
export default async function globalSetup(): Promise<void> {
  execFileSync(process.execPath, [join(__dirname, '../../scripts/build.mjs')], { stdio: 'inherit' });
  const home = mkdtempSync(join(tmpdir(), 'holdfast-test-'));
  const services = await startServices({
    home,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME },
    ports: { PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    temporalDatabase: 'memory',
    temporalConfig: DELETE_SOON,
    progress: (line) => process.stderr.write(`${line}\n`),
  });
  await makeNamespaces(services.temporalAddress);
  const { databaseUrl, temporalAddress, smtpUrl, mailUrl } = services;
  const file = join(home, 'services.json');
  writeFileSync(file, JSON.stringify({ databaseUrl, temporalAddress, smtpUrl, mailUrl, home } satisfies TestServices));
  process.env.HOLDFAST_TEST_SERVICES = file;
  // What starts a browser in a test finds it as a worker does.
  process.env.PUPPETEER_EXECUTABLE_PATH ??= await findChromium(process.env);
  globalThis.holdfastTestServices = services;
}
