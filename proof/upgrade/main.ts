import { rmSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeHome } from '../home';
import { findChromium } from '../../dev/chromium';
import { startServices, type Services } from '../../dev/services';
import { ensureBuilt, PROJECT } from '../../dev/steps';
import { killEverything } from '../../dev/supervisor';
import { createDatabase, sql } from '../product';
import { baseEnv } from '../base-env';
import { buildRelease, type Release } from '../release';
import { startBuyers, type LoadCount } from './load';
import { runProgramOf, startProcess, type ReleaseProcess } from './processes';

const USAGE = `Usage: npm run upgrade -- --from REF [--seconds N]

Rehearses a rolling upgrade from an older release to this one under load, the rollback, and the upgrade once more:
two API processes and two workers, replaced one by one while buyers hold, pay and fetch their tickets. Counts from
outside: no request may fail but for one repetition, each buyer who paid has tickets, each seat one owner.

  --from REF     a tag, branch or commit; it is built once, in the user's cache
  --seconds N    how long each state lasts (default 15)
  --buyers N     each second (default 3)

It reads no settings: what it runs is a system of its own.`;

const PLACES = 20_000;
const PROCESSES = [0, 1] as const;

interface System {
  services: Services;
  env: NodeJS.ProcessEnv;
  apiPorts: readonly number[];
  workerPorts: readonly number[];
  apis: ReleaseProcess[];
  workers: ReleaseProcess[];
}

const say = (line: string): void => console.log(line);

/** Replaces workers, then APIs, one by one: as the guide says. */
async function replaceAll(system: System, release: Release): Promise<void> {
  const { env, services } = system;
  for (const kind of ['worker', 'api'] as const) {
    const [running, ports] =
      kind === 'api' ? [system.apis, system.apiPorts] : [system.workers, system.workerPorts];
    for (const index of PROCESSES) {
      await running[index]?.stop();
      running[index] = await startProcess(release, kind, {
        port: ports[index]!,
        env,
        logFile: join(services.home, 'logs', `${kind}-${index + 1}.log`),
      });
      say(`${kind} ${index + 1} is of ${release.commit}`);
    }
  }
}

async function startSystem(home: string, old: Release, signal: AbortSignal): Promise<System> {
  const services = await startServices({
    home,
    env: baseEnv(),
    ports: { PG_PORT: 0, TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0, SMTP_PORT: 0, MAIL_UI_PORT: 0 },
    progress: say,
    signal,
  });
  const chromium = await findChromium(baseEnv());
  const env = {
    ...baseEnv(),
    ...(chromium !== undefined && { PUPPETEER_EXECUTABLE_PATH: chromium }),
    HOLDFAST_HOME: home,
    HOST: '127.0.0.1',
    DATABASE_URL: services.databaseUrl,
    TEMPORAL_ADDRESS: services.temporalAddress,
    TEMPORAL_NAMESPACE: services.temporalNamespace,
    SMTP_URL: services.smtpUrl,
    STANDARD_WEBHOOK_SECRET: `whsec_${randomBytes(24).toString('base64')}`,
    TICKET_SIGNING_KEY: randomBytes(32).toString('base64'),
    RATE_LIMIT: 'off',
    MAX_OPEN_HOLDS_PER_CLIENT: '100000',
    LOG_LEVEL: 'warn',
  };
  const free = (): Promise<number> => services.ports.free();
  const system: System = {
    services,
    env,
    apiPorts: [await free(), await free()],
    workerPorts: [await free(), await free()],
    apis: [],
    workers: [],
  };
  await runProgramOf(old, ['cli', 'migrate.js'], [], env);
  await replaceAll(system, old);
  return system;
}

async function makeKey(old: Release, { env }: System, role: string): Promise<string> {
  const args = ['create', '--client', `upgrade-${role}`, '--role', role];
  const printed = await runProgramOf(old, ['cli', 'keys.js'], args, env);
  return printed.split('\n').at(-1)!;
}

async function makeEvent(apiUrl: string, operatorKey: string): Promise<string> {
  const slug = 'upgrade';
  const answer = await fetch(`${apiUrl}/v1/events`, {
    method: 'POST',
    headers: { authorization: `Bearer ${operatorKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      slug,
      name: 'Hamlet',
      startsAt: '2035-03-14T19:00:00Z',
      timeZone: 'Europe/Prague',
      currency: 'EUR',
      categories: [{ code: 'floor', name: 'Floor', price: 1000 }],
      sections: [{ name: 'F', category: 'floor', places: PLACES }],
    }),
  });
  if (answer.status !== 201)
    throw new Error(`no event was made: ${answer.status} ${await answer.text()}`);
  return slug;
}

const SOLD = sql(
  'upgrade_sold',
  `select (select count(*)::int from seats where status = 'sold') as seats,
          (select count(*)::int from reservations where status = 'confirmed') as confirmed,
          (select count(*)::int from reservations where status = 'confirmed' and delivered_at is null) as undelivered,
          (select count(*)::int from outbox) as outbox,
          (select count(*)::int from refunds) as refunds`,
);

/** @returns what is wrong */
async function wrongsOf(
  { services, env }: System,
  now: Release,
  { ticketed, failures }: LoadCount,
): Promise<string[]> {
  const db = createDatabase({
    url: services.databaseUrl,
    pool: 1,
    prepared: true,
    applicationName: 'holdfast-upgrade',
    queryTimeoutMs: 60_000,
  });
  const read = async () => (await db.rows<Record<string, number>>(SOLD))[0]!;
  let found = await read();
  // The last mails are on their way.
  for (let tries = 0; tries < 60 && (found.undelivered! > 0 || found.outbox! > 0); tries++) {
    await delay(1_000);
    found = await read();
  }
  await db.close();
  const expected = {
    seats: ticketed.length,
    confirmed: ticketed.length,
    undelivered: 0,
    outbox: 0,
    refunds: 0,
  };
  const wrongs = [...failures];
  if (JSON.stringify(found) !== JSON.stringify(expected))
    wrongs.push(`expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
  try {
    const said = await runProgramOf(now, ['cli', 'verify.js'], [], env);
    say(said.split('\n').at(-1)!);
  } catch (error) {
    wrongs.push(`verify: ${String((error as { stdout?: unknown }).stdout ?? error)}`);
  }
  return wrongs;
}

async function rehearse(
  home: string,
  { from, seconds, buyers }: { from: string; seconds: number; buyers: number },
  signal: AbortSignal,
): Promise<boolean> {
  const old = buildRelease(from, say);
  await ensureBuilt({ home, env: process.env, signal });
  const now: Release = { commit: 'this release', folder: PROJECT };
  const system = await startSystem(home, old, signal);
  try {
    const apiUrls = system.apiPorts.map((port) => `http://127.0.0.1:${port}`);
    const load = startBuyers({
      apiUrls,
      clientKey: await makeKey(old, system, 'client'),
      webhookSecret: system.env.STANDARD_WEBHOOK_SECRET!,
      event: await makeEvent(apiUrls[0]!, await makeKey(old, system, 'operator')),
      buyersPerSecond: buyers,
    });
    const stay = () => delay(seconds * 1000, undefined, { signal });
    await stay();
    say('migrate');
    await runProgramOf(now, ['cli', 'migrate.js'], [], system.env);
    await stay();
    for (const [step, release] of [
      ['upgrade', now],
      ['rollback', old],
      ['upgrade again', now],
    ] as const) {
      say(step);
      await replaceAll(system, release);
      await stay();
    }
    say('the last buyers get their tickets');
    const count = await load.stop();
    const wrongs = await wrongsOf(system, now, count);
    for (const wrong of wrongs.slice(0, 20)) say(`✗ ${wrong}`);
    say(
      `${wrongs.length === 0 ? '✓' : '✗'} ${count.requests} requests, ${count.repeated} of them repeated once, ` +
        `${count.failures.length} failed; ${count.ticketed.length} buyers have their tickets`,
    );
    return wrongs.length === 0;
  } finally {
    await Promise.allSettled([...system.apis, ...system.workers].map((one) => one.stop()));
    await system.services.stop();
  }
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { from: text, seconds: text, buyers: text, help: { type: 'boolean' } },
  });
  if (values.help || values.from === undefined) {
    console.log(USAGE);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  process.on('exit', killEverything);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => stop.abort(new Error('stopped')));
  const home = makeHome('holdfast-upgrade');
  const { from } = values;
  const count = (name: 'seconds' | 'buyers', fallback: number): number => {
    const value = Number(values[name] ?? fallback);
    if (value > 0 && value <= 3600) return value;
    throw new Error(`--${name} must be a number from 1 to 3600`);
  };
  const [seconds, buyers] = [count('seconds', 15), count('buyers', 3)];
  let ok = false;
  try {
    ok = await rehearse(home, { from, seconds, buyers }, stop.signal);
  } finally {
    if (ok || stop.signal.aborted) rmSync(home, { recursive: true, force: true });
    else say(`the data and logs of the system are in ${home}`);
  }
  process.exitCode = ok ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(2);
});
