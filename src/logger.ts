import { destination, pino, stdTimeFunctions, type Logger } from 'pino';

export type { Logger };

const BUFFERED_BYTES = 8192;
const FLUSH_EVERY_MS = 200;

/**
 * JSON lines on standard output. Nothing personal or secret is handed to it; `redact` is the second line of defence.
 * Lines are written together, a fifth of a second late at most: a write for each would cost a busy API more than the
 * line itself. An orderly end writes what is left; a killed process may lose its last moment's lines.
 */
export function createLogger(name: string, level: string): Logger {
  const stdout = destination({ dest: 1, sync: false, minLength: BUFFERED_BYTES });
  setInterval(() => stdout.flush(), FLUSH_EVERY_MS).unref();
  process.on('exit', () => {
    try {
      stdout.flushSync();
    } catch {
      // Nobody reads any more.
    }
  });
  return pino(
    {
      name,
      level,
      timestamp: stdTimeFunctions.isoTime,
      redact: {
        // What is logged is flat; a search at every depth would double a line's cost.
        paths: ['authorization', 'headers', 'buyer', 'email', 'password'],
        censor: '[redacted]',
      },
    },
    stdout,
  );
}
