import { write, writeSync } from 'node:fs';
import { traceIds } from './spans';
import { pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger };

const BUFFERED_BYTES = 8192;
const FLUSH_EVERY_MS = 200;
const RETRY_MS = 100;
/** Of lines that nobody reads; what comes on top is lost. */
const MOST_UNREAD = 4_000_000;
const LAST_LINES_WITHIN_MS = 500;

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? '';
const isFull = (error: unknown) => codeOf(error) === 'EAGAIN';
/** The reader has ended. What else goes wrong, as a disk that is full, may pass. */
const isOver = (error: unknown) => ['EPIPE', 'EBADF', 'ECONNRESET'].includes(codeOf(error));

/**
 * Writes lines together, a fifth of a second late at most. Whoever reads them cannot hold the process up: a reader that
 * does not read loses lines, one that has gone ends the writing, and neither keeps the process from ending.
 */
function createOutput(fd: number): { write(line: string): void } {
  let lines = '';
  let unwritten: Buffer | undefined;
  let isWriting = false;
  let isGone = false;

  function writeOn(): void {
    if (unwritten === undefined) {
      if (lines === '' || isGone) return;
      unwritten = Buffer.from(lines);
      lines = '';
    }
    isWriting = true;
    write(fd, unwritten, (error, written) => {
      isWriting = false;
      if (error && isOver(error)) {
        isGone = true;
        lines = '';
        unwritten = undefined;
        return;
      }
      unwritten = unwritten?.subarray(error ? 0 : written);
      if (unwritten?.length === 0) unwritten = undefined;
      if (error) setTimeout(writeOn, RETRY_MS).unref();
      else if (unwritten !== undefined || lines.length >= BUFFERED_BYTES) writeOn();
    });
  }

  function writeLast(): void {
    // What a thread is writing it writes to the end.
    const begun = isWriting ? undefined : unwritten;
    let rest = Buffer.concat([begun ?? Buffer.alloc(0), Buffer.from(lines)]);
    const end = Date.now() + LAST_LINES_WITHIN_MS;
    while (rest.length > 0 && !isGone && Date.now() < end) {
      try {
        rest = rest.subarray(writeSync(fd, rest));
      } catch (error) {
        if (!isFull(error)) return;
      }
    }
  }

  setInterval(() => {
    if (unwritten === undefined) writeOn();
  }, FLUSH_EVERY_MS).unref();
  process.on('exit', writeLast);
  return {
    write(line) {
      if (isGone || lines.length > MOST_UNREAD) return;
      lines += line;
      if (unwritten === undefined && lines.length >= BUFFERED_BYTES) writeOn();
    },
  };
}

/**
 * JSON lines on standard output. Nothing personal or secret is handed to it; `redact` is the second line of defence.
 * A write for each line would cost a busy API more than the line itself. An orderly end writes what is left; a killed
 * process may lose its last moment's lines.
 */
export function createLogger(name: string, level: string): Logger {
  // To be asked for it makes a pipe one that never blocks: a thread that waits in a write cannot be ended.
  process.stdout.on('error', () => undefined);
  return pino(
    {
      name,
      level,
      timestamp: stdTimeFunctions.isoTime,
      mixin: traceIds,
      redact: {
        // Logged objects are flat. Redacting at every depth would double the cost of a line.
        paths: ['authorization', 'headers', 'buyer', 'email', 'password'],
        censor: '[redacted]',
      },
    },
    createOutput(1),
  );
}
