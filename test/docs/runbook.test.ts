import { execFile } from 'node:child_process';
import { ApiClient, eventually } from '../support/api';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { startSystem, type TestSystem } from '../support/system';
import { blocksOf, PROJECT } from './blocks';

let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
const replies = { RCPT: '451 4.7.1 not now' };

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  system = await startSystem({ childEnv: { SMTP_URL: mailServer.url } });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
});

/** The block of the page that has the text, as printed. */
function printed(text: string): string {
  const block = blocksOf('docs/guides/operate-temporal.md').find(({ body }) => body.includes(text));
  if (!block) throw new Error(`No block has "${text}"`);
  return block.body;
}

/** Runs it beside the system, as an operator does. @throws Error with what was printed, if a command fails */
function runAsPrinted(script: string, variables: Record<string, string>): Promise<string> {
  const { PATH, HOME, XDG_CACHE_HOME } = process.env;
  const env = { PATH, HOME, XDG_CACHE_HOME, HOLDFAST_HOME: system.stack.services.home };
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['-c', `set -euo pipefail\n${script}`],
      { cwd: PROJECT, env: { ...env, ...variables } },
      (error, out, err) => (error ? reject(new Error(out + err)) : resolve(out)),
    );
  });
}

describe('The runbook, as printed, in the trouble that it is for', () => {
  it('has a failing activity tried at once, whose cause is mended', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const handle = system.temporal.workflow.getHandle(sold.id);
    // After some failures the pause is long: it would not be tried again for a while.
    const activity = await eventually(async () => {
      const { raw } = await handle.describe();
      const pending = raw.pendingActivities?.find(
        ({ activityType }) => activityType?.name === 'sendMail',
      );
      expect(pending?.attempt).toBeGreaterThanOrEqual(7);
      return pending!;
    });
    replies.RCPT = '250 2.1.5 fine';
    const said = await runAsPrinted(printed('activity reset'), {
      ID: sold.id,
      ACTIVITY: activity.activityId!,
    });
    expect(said).toMatch(/sendMail/);
    expect(said).toContain('451');
    await handle.result();
    // By itself it would have been tried later.
    expect(Date.now()).toBeLessThan(Number(activity.scheduledTime!.seconds) * 1000);
  });
});
