import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger };

const BUFFERED_BYTES = 8192;
const FLUSH_EVERY_MS = 200;

/**
 * JSON lines on standard output. Callers pass nothing personal or secret; `redact` is a second
 * safeguard. Lines are buffered for up to 200 ms, because one write for each line would cost a busy
 * API more than the line itself. A normal exit writes the rest; a process that is killed may lose
 * its last lines.
 */
export function createLogger(name: string, level: string): Logger {
  const stdout = destination({ dest: 1, sync: false, minLength: BUFFERED_BYTES });
  setInterval(() => stdout.flush(), FLUSH_EVERY_MS).unref();
  process.on('exit', () => {
    try {
      stdout.flushSync();
    } catch {
      // Nobody reads the output any more.
    }
  });
  return pino(
    {
      name,
      level,
      timestamp: stdTimeFunctions.isoTime,
      redact: {
        // Logged objects are flat. Redacting at every depth would double the cost of a line.
        paths: ['authorization', 'headers', 'buyer', 'email', 'password'],
        censor: '[redacted]',
      },
    },
    stdout,
  );
}
