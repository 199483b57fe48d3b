import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { readSettings, SettingsError } from '../config';
import { dataConverterFor } from '../temporal/connection';
import { workflowSource } from '../worker/queues';
import { answerHelp } from './help';

const USAGE = `Usage: npm run replay -- FILE...

Replays histories of workflows on this version's code, to see whether they go on after a deployment. A FILE is what
\`temporal workflow show --output json\` prints, or the Temporal UI downloads. Exit 0 all replay, 1 one does not.`;

/** Why a history cannot be replayed at all. The message is the one line to print. */
class NoHistory extends Error {}

function readHistory(file: string): ReturnType<typeof historyFromJSON> {
  try {
    return historyFromJSON(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new NoHistory(`${file} is not the history of a workflow: ${(error as Error).message}`);
  }
}

async function main(): Promise<number> {
  answerHelp(USAGE, ['PAYLOAD_ENCRYPTION_KEY', 'PAYLOAD_CLEAR']);
  const files = process.argv.slice(2);
  if (files.length === 0) throw new NoHistory('Name the file of a history: npm run replay -- FILE');
  const settings = readSettings(['PAYLOAD_ENCRYPTION_KEY', 'PAYLOAD_CLEAR']);
  const histories = files.map((file) => ({
    workflowId: basename(file),
    history: readHistory(file),
  }));
  Runtime.install({ logger: new DefaultLogger('ERROR', () => undefined) });
  const options = {
    ...workflowSource(settings.PAYLOAD_ENCRYPTION_KEY !== undefined),
    dataConverter: dataConverterFor(settings),
  };
  let failed = 0;
  for await (const { workflowId, error } of Worker.runReplayHistories(options, histories)) {
    if (error) failed++;
    console.log(error ? `✗ ${workflowId}: ${error.message}` : `✓ ${workflowId} replays`);
  }
  return failed > 0 ? 1 : 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const isKnown = error instanceof NoHistory || error instanceof SettingsError;
    console.error(isKnown ? error.message : error);
    process.exit(2);
  },
);
