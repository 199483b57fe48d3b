// The system after the fuzz: does it still hold together, and does it still sell?
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const VERIFY = fileURLToPath(new URL('../../dist/src/cli/verify.js', import.meta.url));
const LIMIT_MS = 180_000;

/** Runs `npm run verify` on the system. @returns failures */
export async function verify({ home, info }) {
  const env = {
    ...{
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      HOLDFAST_HOME: home,
      DATABASE_URL: info.databaseUrl,
    },
    ...{ TEMPORAL_ADDRESS: info.temporalAddress, TEMPORAL_NAMESPACE: info.temporalNamespace },
  };
  // Patient: what the fuzz has begun may still be on its way.
  const child = spawn(process.execPath, [VERIFY, '--patience', '120'], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const code = await new Promise((done) => child.once('close', done));
  return code === 0 ? [] : [`verify ended with ${code}:\n${output}`];
}

/** Holds, pays and waits for the tickets. @returns failures */
export async function sellOne(call, event, seat) {
  const buyer = { name: 'Ada Lovelace', email: 'ada@example.org' };
  const headers = { 'idempotency-key': randomUUID() };
  const held = await call('POST', '/v1/reservations', { event, seats: [seat], buyer }, headers);
  if (held.status !== 201) return [`a hold after the fuzz was answered ${held.status}`];
  const { id, total } = held.body;
  const payment = { reference: `pay-${randomUUID()}`, ...total };
  const paid = await call('POST', `/v1/reservations/${id}/confirm`, { payment });
  if (paid.status !== 200 && paid.status !== 202)
    return [`a payment after the fuzz was answered ${paid.status}`];
  const end = Date.now() + LIMIT_MS;
  for (;;) {
    const tickets = await call('GET', `/v1/reservations/${id}/tickets`);
    if (tickets.status === 200 && tickets.body.data.length === 1) return [];
    if (Date.now() > end) return [`no tickets after the fuzz: ${tickets.status}`];
    await delay(500);
  }
}

/** What our processes logged as an error: also one that no answer showed. @returns failures */
export function loggedErrors(folder) {
  return readdirSync(folder)
    .filter((name) => /^(api|worker-\d+)\.log$/.test(name))
    .flatMap((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{') && JSON.parse(line).level >= 50)
        .map((line) => `${name}: ${line.slice(0, 1_000)}`),
    );
}
