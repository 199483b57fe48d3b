import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { longestPauseMs } from '../../proof/bench/cases/backlog';
import { cpuMsOf, startCpuMeter } from '../../proof/bench/cpu';
import { FrameReader } from '../../proof/bench/listeners/frames';
import { memoryBytesOf } from '../../proof/bench/memory';

/** Works for a while in a child of its own, then says so and waits. */
const BUSY = `
const { spawn } = require('node:child_process');
const work = 'const until = process.cpuUsage(); while (process.cpuUsage(until).user < 200_000); console.log("done"); setInterval(() => {}, 1e6);';
const child = spawn(process.execPath, ['-e', work], { stdio: ['ignore', 'inherit', 'inherit'] });
process.on('SIGTERM', () => { child.kill('SIGKILL'); child.on('exit', () => process.stdout.write('collected')); });
setInterval(() => {}, 1e6);
`;

describe('the processor time of a process', () => {
  it('counts its children, also those that have ended', async () => {
    const stop = startCpuMeter({ all: process.pid });
    const parent = spawn(process.execPath, ['-e', BUSY], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(parent.stdout, 'data');
      const whileItLives = cpuMsOf(parent.pid!);
      expect(whileItLives).toBeGreaterThanOrEqual(190);
      expect(memoryBytesOf(parent.pid!)).toBeGreaterThan(10_000_000);
      parent.kill('SIGTERM');
      await once(parent.stdout, 'data');
      expect(cpuMsOf(parent.pid!)).toBeGreaterThanOrEqual(whileItLives);
      expect(stop().all).toBeGreaterThanOrEqual(whileItLives);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is nothing where there is no such process', () => {
    expect(cpuMsOf(2 ** 30)).toBe(0);
    expect(memoryBytesOf(2 ** 30)).toBe(0);
  });
});

describe('a stream of server-sent events', () => {
  const frames = ['event: snapshot\ndata: {}', ': still here', 'event: seats\ndata: {"data":[]}'];
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
  const head = 'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n';
  const wire = head + frames.map((frame) => chunk(`${frame}\n\n`)).join('');

  it('is read the same wherever it is torn in two', () => {
    for (let at = 0; at <= wire.length; at++) {
      const reader = new FrameReader();
      expect([...reader.take(wire.slice(0, at)), ...reader.take(wire.slice(at))]).toEqual(frames);
    }
  });

  it('is refused when it is another answer', () => {
    expect(() => new FrameReader().take('HTTP/1.1 503 Service Unavailable\r\n\r\n')).toThrow(
      'not a stream',
    );
  });
});

describe('the longest pause of the adoption', () => {
  const sample = (atMs: number, waiting: number, adopted: number) => ({ atMs, waiting, adopted });

  it('is the time in which nothing is adopted while something waits', () => {
    const samples = [
      sample(0, 5, 0),
      sample(250, 5, 0),
      sample(500, 4, 1),
      sample(750, 4, 1),
      sample(1000, 4, 1),
      sample(1250, 3, 2),
    ];
    expect(longestPauseMs(samples)).toBe(500);
  });

  it('does not count the time in which nothing waits', () => {
    expect(
      longestPauseMs([sample(0, 0, 0), sample(5000, 0, 0), sample(5250, 1, 0), sample(5500, 0, 1)]),
    ).toBe(0);
  });

  it('counts to the last sample', () => {
    expect(longestPauseMs([sample(0, 1, 0), sample(3000, 1, 0)])).toBe(3000);
  });
});
