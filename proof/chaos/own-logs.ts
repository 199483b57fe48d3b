import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Violation } from './journal';

const FAULT_POINT_LINE = /^fault point ([\w.]+)$/gm;
const FAILED_REQUEST_LINE = /^.*"msg":"request failed".*$/gm;
const MOST_SHOWN = 20;
/** In characters: enough for a whole stack. */
const LONGEST_LINE = 2000;

const readLogs = (folder: string): { file: string; text: string }[] =>
  readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));

/** How often each named fault point has fired, from the logs of the processes. */
export function countFaultPoints(logFolder: string): Map<string, number> {
  const fired = new Map<string, number>();
  for (const { text } of readLogs(logFolder)) {
    for (const [, name] of text.matchAll(FAULT_POINT_LINE))
      fired.set(name!, (fired.get(name!) ?? 0) + 1);
  }
  return fired;
}

/** Requests that ended with an error of ours (500), as the API logged them, also without an answer. */
export function findFailedRequests(logFolder: string): Violation[] {
  return readLogs(logFolder)
    .flatMap(({ file, text }) =>
      [...text.matchAll(FAILED_REQUEST_LINE)].map(([line]) => ({
        rule: 'no request ends with an error of ours',
        subject: file,
        detail: line.slice(0, LONGEST_LINE),
      })),
    )
    .slice(0, MOST_SHOWN);
}
