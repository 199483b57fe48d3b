// Shows that the tests can fail: puts each fault of `faults.mjs` into a copy of the tree and runs the test that is named
// with it, which must turn red. Before that, the same tests must pass in the copy as it is.
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { faults } from './faults.mjs';

const USAGE = `Usage: npm run faults [-- NAME…]
       npm run faults -- --locate   only finds the texts and the tests of all faults`;
const root = fileURLToPath(new URL('../..', import.meta.url));

/** The tree's files, those not yet committed too, without what git ignores. */
function listFiles() {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\0');
  return files.filter((file) => file !== '' && existsSync(join(root, file))).sort();
}

function copyTree(files) {
  const copy = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-faults-')));
  for (const file of files) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const anyWhiteSpace = (text) => new RegExp(text.trim().split(/\s+/).map(escape).join('\\s+'), 'g');

/** Where a fault's text is. @throws unless it is there exactly once */
function findText(sources, { file: end = '', find }) {
  const found = sources
    .filter(
      ([file]) =>
        /^(src|migrations\/functions)\//.test(file) &&
        !file.includes('/previous/') &&
        file.endsWith(end),
    )
    .flatMap(([file, text]) =>
      [...text.matchAll(anyWhiteSpace(find))].map((match) => ({ file, match })),
    );
  if (found.length !== 1) {
    const where = found.map(({ file }) => file).join(', ') || end;
    throw new Error(
      `its text occurs ${found.length} times, not once: ${find} ${where && `(${where})`}`,
    );
  }
  const [{ file, match }] = found;
  return { file, start: match.index, end: match.index + match[0].length };
}

/** The one file that has a test of this title. */
function findTest(sources, { test }) {
  // To the end of the title: a longer one is not run by this name.
  const hasTitle = (text) => ["'", '"', '`'].some((quote) => text.includes(`${test}${quote}`));
  const files = sources.filter(([file, text]) => file.endsWith('.test.ts') && hasTitle(text));
  if (files.length === 1) return files[0][0];
  throw new Error(`${files.length} files, not one, have a test of the title: ${test}`);
}

/** A fault with its place and its test's file, or what is wrong with the entry. */
function locate(sources, fault) {
  try {
    return { ...fault, place: findText(sources, fault), testFile: findTest(sources, fault) };
  } catch (error) {
    return { ...fault, problem: error.message };
  }
}

/** A pattern of the full name of a test; `%s` and the like in a title stand for anything. */
const patternOf = ({ test }) => `${escape(test).replace(/%[a-z]/g, '.+')}$`;

/** Starts a program of the copy, as a process that ends with this one. */
function start(copy, args, stdio) {
  const child = spawn(process.execPath, args, { cwd: copy, stdio: ['ignore', ...stdio] });
  const ended = new Promise((resolve) => child.on('close', resolve));
  const started = { child, ended };
  running.add(started);
  void ended.then(() => running.delete(started));
  return started;
}

/** The programs that run at this moment. */
const running = new Set();

async function stopAll() {
  for (const { child } of running) child.kill();
  await Promise.all([...running].map(({ ended }) => ended));
}

/** Keeps the services of the tests in the copy, where each run of Jest finds them. */
async function keepServices(copy) {
  execFileSync(process.execPath, ['scripts/build.mjs'], { cwd: copy, stdio: 'inherit' });
  const { child, ended } = start(copy, ['dist/dev/test/main.js'], ['pipe', 'inherit']);
  const ready = new Promise((resolve) => {
    child.stdout.on('data', (data) => String(data).includes('ready:') && resolve(true));
  });
  if ((await Promise.race([ready, ended])) !== true)
    throw new Error('The services of the tests did not start');
}

/**
 * Runs the tests of these faults in the copy.
 * @returns for each of them the results of its test, one for each row of a table of cases, or none when it did not run
 */
async function runTests(copy, chosen) {
  const outputFile = join(copy, 'jest-results.json');
  rmSync(outputFile, { force: true });
  const args = [
    // Forced: a test that fails may leave connections open.
    ...[
      'node_modules/jest/bin/jest.js',
      '--runInBand',
      '--forceExit',
      '--json',
      `--outputFile=${outputFile}`,
    ],
    ...['-t', chosen.map(patternOf).join('|'), ...new Set(chosen.map(({ testFile }) => testFile))],
  ];
  const { child, ended } = start(copy, args, ['ignore', 'pipe']);
  let said = '';
  child.stderr.on('data', (data) => void (said += data));
  await ended;
  if (!existsSync(outputFile)) throw new Error(`Jest did not run:\n${said.slice(-3000)}`);
  const { testResults } = JSON.parse(readFileSync(outputFile, 'utf8'));
  return chosen.map((fault) =>
    testResults
      .filter(({ name }) => name === join(copy, fault.testFile))
      .flatMap(({ assertionResults }) => assertionResults)
      .filter(
        ({ fullName, status }) =>
          status !== 'pending' && new RegExp(patternOf(fault)).test(fullName),
      ),
  );
}

/** What the failed ones of these results say; null when all passed. */
function messageOf(results) {
  if (results.length === 0) return 'The test did not run.';
  const failed = results.filter(({ status }) => status !== 'passed');
  const messages = failed.map(
    ({ fullName, failureMessages }) => `${fullName}\n${failureMessages.join('\n')}`,
  );
  return failed.length === 0 ? null : stripVTControlCharacters(messages.join('\n'));
}

const startOf = (message) => message.slice(0, 1500);

/**
 * Runs the fault's test with the fault in the copy, and takes the fault out again.
 * @returns null when the fault was caught, else what happened instead
 */
async function tryFault(copy, fault) {
  const { file, start, end } = fault.place;
  const path = join(copy, file);
  const sound = readFileSync(path, 'utf8');
  writeFileSync(path, sound.slice(0, start) + fault.replace + sound.slice(end));
  try {
    const [results] = await runTests(copy, [fault]);
    const message = messageOf(results);
    if (message === null) return `NOT CAUGHT by ${fault.testFile}: ${fault.test}`;
    return message.includes(fault.says) ? null : `RED FOR ANOTHER REASON: ${startOf(message)}`;
  } finally {
    writeFileSync(path, sound);
  }
}

function choose(names) {
  const unknown = names.filter((name) => !faults.some((fault) => fault.name === name));
  if (unknown.length > 0) {
    const known = faults.map(({ name }) => `  ${name}`).join('\n');
    throw new Error(`There is no fault ${unknown.join(', ')}.\n${USAGE}\n${known}`);
  }
  return names.length === 0 ? faults : faults.filter(({ name }) => names.includes(name));
}

const secondsSince = (started) => ((performance.now() - started) / 1000).toFixed(0);
const width = Math.max(...faults.map(({ name }) => name.length));
const printRow = (fault, caughtBy, seconds) =>
  console.log(`${fault.padEnd(width)}  ${String(seconds).padStart(7)}  ${caughtBy}`);

/** @returns whether all the faults were caught */
async function tryAll(copy, chosen) {
  await keepServices(copy);
  printRow('fault', 'caught by', 'seconds');
  let started = performance.now();
  const before = (await runTests(copy, chosen)).map(messageOf);
  const red = before.filter((message) => message !== null).length;
  printRow(
    '(none)',
    red === 0 ? 'nothing: all these tests pass' : `TESTS ARE RED: ${red}`,
    secondsSince(started),
  );

  let caught = 0;
  for (const [index, fault] of chosen.entries()) {
    started = performance.now();
    const wrong =
      before[index] === null
        ? await tryFault(copy, fault)
        : `RED WITHOUT THE FAULT: ${startOf(before[index])}`;
    if (wrong === null) caught++;
    printRow(fault.name, wrong ?? `${fault.testFile}: ${fault.test}`, secondsSince(started));
  }
  console.log(`${caught} of ${chosen.length} faults caught.`);
  return caught === chosen.length;
}

async function main(names) {
  const files = listFiles();
  const sources = files
    .filter((file) => /^(src|migrations|test)\/.*\.(ts|sql)$/.test(file))
    .map((file) => [file, readFileSync(join(root, file), 'utf8')]);
  const onlyLocates = names.length === 1 && names[0] === '--locate';
  const chosen = choose(onlyLocates ? [] : names).map((fault) => locate(sources, fault));
  const broken = chosen.filter(({ problem }) => problem);
  if (broken.length > 0)
    throw new Error(broken.map(({ name, problem }) => `${name}: ${problem}`).join('\n'));
  if (onlyLocates) return true;

  const copy = copyTree(files);
  process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => void stopAll().then(() => process.exit(1)));
  try {
    return await tryAll(copy, chosen);
  } finally {
    await stopAll();
  }
}

try {
  process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
