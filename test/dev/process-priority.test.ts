import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { lowerPriority } from '../../src/process-priority';

test('who stands back does so with the whole session that it leads', () => {
  const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  try {
    lowerPriority(child.pid!, 7);
    expect(getPriority(child.pid)).toBe(7);
    const group = `/proc/${child.pid}/autogroup`;
    // Where the system schedules by session, its group's place counts.
    if (existsSync(group)) expect(readFileSync(group, 'utf8')).toMatch(/nice 7$/m);
  } finally {
    child.kill();
  }
});

test('one that has ended is no fault', () => {
  expect(() => lowerPriority(2 ** 22 + 1, 7)).not.toThrow();
});
