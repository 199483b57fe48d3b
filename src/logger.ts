import { pino, type Logger } from 'pino';

export type { Logger };

/**
 * JSON lines on standard output. Nothing personal or secret is handed to it; `redact` is the second line of defence.
 */
export function createLogger(name: string, level: string): Logger {
  return pino({
    name,
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: {
      paths: ['authorization', 'headers', 'buyer', 'email', 'password', '*.authorization', '*.buyer', '*.email'],
      censor: '[redacted]',
    },
  });
}
