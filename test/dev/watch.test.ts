import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchFolder, type Watch } from '../../dev/watch';

let folder: string;
let watching: Watch;
let calls: string[];
let errors: string[];
let onCall: (() => void)[];

/** Resolves when `apply` is called the next time. */
const nextCall = () => new Promise<void>((resolve) => onCall.push(resolve));
const start = (apply: () => Promise<void> = () => Promise.resolve()) => {
  watching = watchFolder(
    folder,
    async (changed) => {
      calls.push(changed);
      onCall.splice(0).forEach((resolve) => resolve());
      await apply();
    },
    (error) => errors.push(error.message),
  );
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'holdfast-watch-'));
  mkdirSync(join(folder, 'api'));
  [calls, errors, onCall] = [[], [], []];
});
afterEach(async () => {
  await watching.close();
  rmSync(folder, { recursive: true });
});

test('many changes at once, also in folders below, are one call', async () => {
  start();
  const called = nextCall();
  for (let time = 0; time < 20; time++) writeFileSync(join(folder, 'api', 'app.ts'), `${time}`);
  await called;
  await watching.close();
  expect(calls).toEqual([join('api', 'app.ts')]);
});

test('a change during a call leads to one more call, after it', async () => {
  let finish: () => void = () => undefined;
  const first = new Promise<void>((resolve) => (finish = resolve));
  start(() => (calls.length === 1 ? first : Promise.resolve()));
  const called = nextCall();
  writeFileSync(join(folder, 'one.ts'), '');
  await called;
  const again = nextCall();
  writeFileSync(join(folder, 'two.ts'), '');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(calls).toEqual(['one.ts']);
  finish();
  await again;
  expect(calls).toEqual(['one.ts', 'two.ts']);
});

test('a call that fails is told, and the watch goes on', async () => {
  start(() =>
    calls.length === 1 ? Promise.reject(new Error('does not compile')) : Promise.resolve(),
  );
  const called = nextCall();
  writeFileSync(join(folder, 'one.ts'), '');
  await called;
  const again = nextCall();
  writeFileSync(join(folder, 'two.ts'), '');
  await again;
  expect([calls, errors]).toEqual([['one.ts', 'two.ts'], ['does not compile']]);
});
