import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Violation } from './journal';

const MOST_SHOWN = 20;
/** A stack is worth reading whole; what comes after it is not. */
const LONGEST = 2000;

/** What the API logged of errors of its own, whoever was answered with them. */
export function findFailedRequests(logFolder: string): Violation[] {
  return readdirSync(logFolder)
    .flatMap((file) =>
      readFileSync(join(logFolder, file), 'utf8')
        .split('\n')
        .filter((line) => line.includes('"msg":"request failed"'))
        .map((line) => ({
          rule: 'no request ends with an error of ours',
          subject: file,
          detail: line.slice(0, LONGEST),
        })),
    )
    .slice(0, MOST_SHOWN);
}
