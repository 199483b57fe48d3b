// Fuzzes every operation of the OpenAPI document on a system of its own: no 5xx, no answer that the document does not
// allow, and the system is sound afterwards.
/* global AbortController, fetch */
import { randomInt, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostileCases, tryCase, tryLargeBodies, trySlowSenders } from './hostile.mjs';
import { createOracle } from './oracle.mjs';
import { installSchemathesis, runSchemathesis } from './schemathesis.mjs';
import { signedCases } from './signed.mjs';
import { loggedErrors, sellOne, verify } from './sound.mjs';

const require = createRequire(import.meta.url);
const { closeAnswers } = require('../support/close-answers.cjs');
const { startStack } = require('../../dist/dev/stack.js');
const { killEverything } = require('../../dist/dev/supervisor.js');

const USAGE = `Usage: npm run fuzz -- [options]
  --examples N  requests of Schemathesis for each operation and phase (default 10)
  --seed N      repeats a run's choices (default: any)`;
const PRICE = { amount: 4500, currency: 'EUR' };
const ROWS = 10;
const SEATS_A_ROW = 100;
const AT_ONCE = 8;
const SAME_REQUEST_MS = 1_000;

function readOptions() {
  const options = {
    examples: { type: 'string', default: '10' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  };
  const { values } = parseArgs({ options });
  const number = (name, text) => {
    if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
    throw new Error(`--${name} must be a whole number, not "${text}"\n${USAGE}`);
  };
  const seed = values.seed === undefined ? randomInt(1, 1_000_000) : number('seed', values.seed);
  return { help: values.help, examples: number('examples', values.examples), seed };
}

/** Calls as an ordinary client does. */
function createCaller(apiUrl, key) {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(apiUrl + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body && JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  };
}

async function makeEvent(call, slug, holdTtlSeconds) {
  const rows = Array.from({ length: ROWS }, (_, index) => ({
    name: `R${index}`,
    seats: SEATS_A_ROW,
  }));
  const { status, body } = await call('POST', '/v1/events', {
    ...{
      slug,
      name: slug,
      startsAt: '2030-01-01T19:00:00Z',
      holdTtlSeconds,
      maxSeatsPerReservation: 100,
    },
    ...{
      currency: PRICE.currency,
      categories: [{ code: 'stalls', name: 'Stalls', price: PRICE.amount }],
    },
    sections: [{ name: 'Stalls', category: 'stalls', rows }],
  });
  if (status !== 201) throw new Error(`no event: ${JSON.stringify(body)}`);
}

/** Reservations in every state, of one seat each, so that all cost the same. @returns their ids */
async function makeReservations(call) {
  const make = async (event, index, payment, cancel) => {
    const id = randomUUID();
    const hold = {
      event,
      seats: [`R9-${index}`],
      buyer: { name: 'Ada', email: 'ada@example.org' },
    };
    const steps = [
      ['/v1/reservations', hold],
      ...(payment
        ? [[`/v1/reservations/${id}/confirm`, { payment: { reference: `pay-${id}`, ...PRICE } }]]
        : []),
      ...(cancel ? [[`/v1/reservations/${id}/cancel`]] : []),
    ];
    for (const [path, body] of steps) {
      const answer = await call('POST', path, body, { 'idempotency-key': id });
      if (answer.status > 202) throw new Error(`no reservation: ${JSON.stringify(answer.body)}`);
    }
    return id;
  };
  const ids = [];
  for (let index = 1; index <= 16; index += 4) {
    ids.push(await make('fuzz-short', index, false, false));
    ids.push(await make('fuzz-long', index + 1, false, false));
    ids.push(await make('fuzz-long', index + 2, true, false));
    ids.push(await make('fuzz-long', index + 3, index > 8, true));
  }
  return ids;
}

/** Everything that the fuzz has to know of the system. */
async function prepare({ apiUrl, keys, webhookSecrets: secrets }) {
  const operator = createCaller(apiUrl, keys.operator);
  await makeEvent(operator, 'fuzz-short', 3);
  await makeEvent(operator, 'fuzz-long', 600);
  const reservations = await makeReservations(createCaller(apiUrl, keys.client));
  const seats = [];
  for (let row = 0; row < ROWS - 1; row++) {
    for (let number = 1; number <= SEATS_A_ROW; number++) seats.push(`R${row}-${number}`);
  }
  const document = closeAnswers((await operator('GET', '/openapi.json')).body);
  return {
    document,
    event: 'fuzz-short',
    category: 'stalls',
    seats,
    reservations,
    total: PRICE,
    ttl: 600,
    secrets,
  };
}

/** Runs tasks, a few at once. @returns what they complain of */
async function runAll(tasks, signal) {
  const failures = [];
  const rest = tasks.values();
  const work = async () => {
    for (const task of rest) {
      signal.throwIfAborted();
      const failure = await task().catch((error) => error.message);
      if (failure) failures.push(failure);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

async function runHostile(info, given, signal) {
  const judge = createOracle(given.document);
  const context = { ...given, key: info.keys.operator, reservation: given.reservations[1] };
  const cases = hostileCases(context);
  const signed = signedCases(given);
  const trySigned = async ({ name, path, body, headers }) => {
    const response = await fetch(info.apiUrl + path, { method: 'POST', headers: headers(), body });
    const answer = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
    const wrong = judge({ method: 'POST', target: path }, answer);
    return wrong && `${name}: ${wrong} (${answer.status} ${answer.body.slice(0, 300)})`;
  };
  const failures = [
    ...(await runAll(
      cases.map((one) => () => tryCase(info.apiUrl, judge, one)),
      signal,
    )),
    ...(await runAll(
      signed.map((one) => () => trySigned(one)),
      signal,
    )),
    ...(await tryLargeBodies(info.apiUrl, context)),
    ...(await trySlowSenders(info.apiUrl, context)),
  ];
  return { requests: cases.length + signed.length, failures };
}

async function fuzz({ stack, home, options, restarts, signal }) {
  const info = stack.info();
  const python = installSchemathesis();
  const given = await prepare(info);
  const file = join(home, 'given.json');
  writeFileSync(file, JSON.stringify(given));
  const document = join(home, 'openapi.json');
  // Schemathesis reads the events of a stream under the name that OpenAPI 3.2 gave them.
  const text = JSON.stringify(given.document).replaceAll('"x-oai-itemSchema"', '"itemSchema"');
  writeFileSync(document, text);
  const failures = [];
  const count = (what, from, result) => {
    const seconds = Math.round((Date.now() - from) / 1000);
    console.log(
      `${what}: ${result.requests} requests, ${result.failures.length} failures, ${seconds} s`,
    );
    failures.push(...result.failures);
  };
  // Who may do little is refused before the body is looked at: random requests are enough of it.
  const roles = [
    ['operator', info.keys.operator, 'examples,coverage,fuzzing,stateful'],
    ['client', info.keys.client, 'examples,coverage,fuzzing,stateful'],
    ['scanner', info.keys.scanner, 'examples,fuzzing'],
    ['nobody', undefined, 'examples,fuzzing'],
  ];
  for (const [role, key, phases] of roles) {
    const from = Date.now();
    const run = {
      ...options,
      apiUrl: info.apiUrl,
      document,
      role,
      key,
      phases,
      given: file,
      folder: home,
      signal,
    };
    count(`Schemathesis as ${role}`, from, await runSchemathesis(python, run));
  }
  const from = Date.now();
  count('hostile requests', from, await runHostile(info, given, signal));

  failures.push(
    ...(await sellOne(createCaller(info.apiUrl, info.keys.client), 'fuzz-long', 'R0-1')),
  );
  failures.push(...(await verify({ home: join(home, 'stack'), info })));
  failures.push(...loggedErrors(stack.logFolder), ...restarts);
  console.log('the system afterwards: a sale, verify, logs, restarts');
  return failures;
}

/** Runs everything on a system in a folder. @returns failures */
async function fuzzIn(home, options, signal) {
  const restarts = [];
  const stack = await startStack({
    home: join(home, 'stack'),
    env: { PATH: process.env.PATH, HOME: process.env.HOME, RATE_LIMIT: 'off', LOG_LEVEL: 'warn' },
    ports: {
      PORT: 0,
      PG_PORT: 0,
      TEMPORAL_PORT: 0,
      TEMPORAL_UI_PORT: 0,
      SMTP_PORT: 0,
      MAIL_UI_PORT: 0,
    },
    workers: ['reservations,documents,mail,relay'],
    temporalDatabase: 'memory',
    onEnd: (name, reason) => restarts.push(`${name} ${reason}`),
    signal,
  });
  try {
    return await fuzz({ stack, home, options, restarts, signal });
  } finally {
    await stack.stop();
  }
}

/** @returns whether nothing was found */
async function run(options, signal) {
  const home = mkdtempSync(join(tmpdir(), 'holdfast-fuzz-'));
  console.log(`fuzz with seed ${options.seed}, ${options.examples} examples`);
  let sound = false;
  try {
    const failures = await fuzzIn(home, options, signal);
    for (const failure of failures) console.error(`\n✗ ${failure}`);
    sound = failures.length === 0;
    console.log(
      sound ? '\n✓ nothing found' : `\n✗ ${failures.length} failures (seed ${options.seed})`,
    );
    return sound;
  } finally {
    if (sound || signal.aborted) rmSync(home, { recursive: true, force: true });
    else console.error(`what the system has left behind is in ${home}`);
  }
}

async function main() {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const stop = new AbortController();
  let askedAt = 0;
  const ask = () => {
    // npm passes a Ctrl-C on that the terminal has sent us already; only a later one is a second one: at once.
    if (stop.signal.aborted && Date.now() - askedAt > SAME_REQUEST_MS) process.exit(1);
    askedAt ||= Date.now();
    stop.abort(new Error('stopped'));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, ask);
  // Nothing that was started outlives us, whatever ends us.
  process.on('exit', killEverything);
  process.exitCode = (await run(options, stop.signal)) ? 0 : 1;
}

main().then(
  () => process.exit(),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
