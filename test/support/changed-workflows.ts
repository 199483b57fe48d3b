import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = join(__dirname, '../..');
const STEP = /const hold = await steps\.adoptHold\(input\);/;

/** The patch of the change. */
export const CHANGE = 'pause-after-hold';

/**
 * Tomorrow's build: a copy of dist/ whose reservation waits a moment after the hold, as a changed workflow might do
 * something new there; `guarded` by a patch, as the change should be, or bare.
 */
export async function changedWorkflows({ guarded }: { guarded: boolean }) {
  const folder = join(ROOT, `dist.${randomUUID()}`);
  cpSync(join(ROOT, 'dist'), folder, { recursive: true });
  const file = join(folder, 'src/workflows/reservation.js');
  const source = readFileSync(file, 'utf8');
  const pause = `(0, _workflow.sleep)(50)`;
  const step = guarded
    ? `if ((0, _workflow.patched)('${CHANGE}')) await ${pause};`
    : `await ${pause};`;
  const changed = source.replace(STEP, (found) => `${found} ${step}`);
  if (changed === source) throw new Error('The step to change is not where it was: mend STEP');
  writeFileSync(file, changed);
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(folder, 'src/workflows/index.js'),
    logger: new DefaultLogger('ERROR'),
  });
  const bundlePath = join(folder, 'src/workflow-bundle.js');
  writeFileSync(bundlePath, code);
  return {
    folder,
    bundlePath,
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}
