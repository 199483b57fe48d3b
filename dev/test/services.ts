import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { processStart, writeAtomically } from '../processes';
import { startServices, type Services, type ServicesOptions } from '../services';
import { PROJECT } from '../steps';

/** Where the PostgreSQL, Temporal and mail catcher of the tests are. */
export interface TestServices {
  databaseUrl: string;
  temporalAddress: string;
  smtpUrl: string;
  mailUrl: string;
  /** Folder for the files of the systems that tests start. */
  home: string;
}

/** Kept services, the process that keeps them, and the sources that they were started from. */
interface KeptRecord {
  services: TestServices;
  pid: number;
  start: string | null;
  sources: string;
}

/** The folder of the kept services; `services.json` there names them. */
export const KEPT_HOME = join(PROJECT, '.holdfast', 'test');
const KEPT_FILE = join(KEPT_HOME, 'services.json');

/**
 * The server deletes a closed workflow only after its queue has recorded that the closing is done, by default every
 * 30 s, and looks again after 3 s and ever longer pauses.
 */
const DELETE_SOON = [
  'history.transferProcessorUpdateAckInterval="1s"',
  'history.visibilityProcessorUpdateAckInterval="1s"',
];

/** A history that is long enough to be continued in a new run, in seconds instead of minutes. */
const CONTINUE_SOON = ['limit.historyCount.suggestContinueAsNew=300'];

/**
 * Temporal and the workers run at normal priority, so that tests on a busy machine do not wait for
 * them longer than for the API.
 */
export const TEST_NICENESS = 0;

/** Starts the services of the tests on free ports, with an empty Temporal in memory. @throws what `startServices` throws. */
export function startTestServices(
  home: string,
  options: Pick<ServicesOptions, 'want' | 'progress' | 'signal' | 'onEnd' | 'onFailure'>,
): Promise<Services> {
  return startServices({
    home,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME,
    },
    ports: { PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    temporalDatabase: 'memory',
    temporalConfig: [...DELETE_SOON, ...CONTINUE_SOON],
    backgroundNiceness: TEST_NICENESS,
    ...options,
  });
}

export function addressesOf({
  databaseUrl,
  temporalAddress,
  smtpUrl,
  mailUrl,
  home,
}: Services): TestServices {
  return { databaseUrl, temporalAddress, smtpUrl, mailUrl, home };
}

/**
 * A hash of the sources that start the services. The product's own processes are started for each
 * test file.
 */
function hashSources(): string {
  const hash = createHash('sha256');
  const files = readdirSync(join(PROJECT, 'dev'), { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts'),
  );
  for (const file of [
    ...files.sort().map((name) => join('dev', name)),
    'package-lock.json',
    'src/config.ts',
  ]) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(PROJECT, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/**
 * Writes the addresses of this process's services to the file that test runs read, until
 * `forgetKept()`.
 */
export function recordKept(services: Services): void {
  const { pid } = process;
  const record: KeptRecord = {
    services: addressesOf(services),
    pid,
    start: processStart(pid),
    sources: hashSources(),
  };
  writeAtomically(KEPT_FILE, JSON.stringify(record));
}

export function forgetKept(): void {
  rmSync(KEPT_FILE, { force: true });
}

/**
 * Finds the services that `npm run test:stack` keeps.
 * @returns undefined when none are kept, or when they were started from other sources, which is
 * reported to `progress`
 */
export function findKept(progress: (line: string) => void): TestServices | undefined {
  let record: KeptRecord;
  try {
    record = JSON.parse(readFileSync(KEPT_FILE, 'utf8')) as KeptRecord;
  } catch {
    return undefined;
  }
  if (record.start === null || processStart(record.pid) !== record.start) return undefined;
  if (record.sources === hashSources()) return record.services;
  progress(
    'the kept test services come from other sources and are not used: start npm run test:stack again',
  );
  return undefined;
}
