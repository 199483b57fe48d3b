import { setCurrentDetails, setDefaultSignalHandler } from '@temporalio/workflow';
import { clipToBytes } from '../domain/clip';

const MAX_LINES = 40;
const NAME_BYTES = 60;

export const utc = (rfc3339: string) => `${rfc3339.slice(0, 10)} ${rfc3339.slice(11, 19)} UTC`;

/** What an operator reads of a workflow in the Temporal UI: how it stands, and under it what happened. */
export interface Story {
  /** Shows how it stands now, in lines of Markdown. */
  show(head: readonly string[]): void;
  /** Adds a line, above the older ones: the UI cuts off what is last. */
  note: (line: string) => void;
}

export function beginStory(): Story {
  let shown: readonly string[] = [];
  const lines: string[] = [];
  const publish = () =>
    setCurrentDetails([...shown, '', ...lines.map((line) => `- ${line}`)].join('  \n'));
  return {
    show(head) {
      shown = head;
      publish();
    },
    note(line) {
      lines.unshift(`${utc(new Date().toISOString())} · ${line}`);
      // How it began stays.
      if (lines.length > MAX_LINES) lines.splice(MAX_LINES - 1, lines.length - MAX_LINES);
      publish();
    },
  };
}

/**
 * Tells of signals that no handler takes: a misspelt name would have no effect without a trace. To be called after the
 * handlers are set, because it takes what came before it.
 * @param signals the names that have a handler
 */
export function tellUnknownSignals(
  signals: readonly string[],
  { note }: Pick<Story, 'note'>,
): void {
  const known = signals.length === 0 ? 'it takes none' : `it takes ${signals.join(', ')}`;
  setDefaultSignalHandler((name) =>
    note(`no effect: there is no signal "${clipToBytes(name, NAME_BYTES)}"; ${known}`),
  );
}
