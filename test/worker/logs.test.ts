import { indexedTypesOf } from '../../src/contracts/reservation';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { randomUUID } from 'node:crypto';
import { ApiClient, eventually } from '../support/api';
import { startReceiver, type Receiver } from '../support/receivers';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { startSystem, WITH_WEBHOOKS, type TestSystem } from '../support/system';

const buyer = { name: 'Ophelia Nováková', email: 'ophelia.novakova@example.org' };
let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
let receiver: Receiver;
const replies = { RCPT: '250 2.1.5 fine' };

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  receiver = await startReceiver();
  system = await startSystem({
    ...WITH_WEBHOOKS,
    childEnv: { SMTP_URL: mailServer.url, WEBHOOK_ALLOW_PRIVATE: 'on' },
    workerEnv: { LOG_LEVEL: 'debug' },
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
  await receiver.close();
});

type Line = Record<string, unknown> & { name: string; msg: string };

/** What API and workers have logged so far; each line must be JSON. */
function linesOf(): Line[] {
  const folder = system.stack.logFolder;
  return readdirSync(folder)
    .filter((file) => /^(api|worker)/.test(file))
    .flatMap((file) => readFileSync(join(folder, file), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}
const linesAbout = (reservation: string) =>
  linesOf().filter((line) => line.reservation === reservation);

describe('The logs', () => {
  it('tell of one reservation, by its id, in every process that had to do with it', async () => {
    const id = randomUUID();
    const event = await api.event();
    const held = await api.call<{ id: string; total: { amount: number; currency: string } }>(
      'POST',
      '/v1/reservations',
      { body: { event, seats: ['A-1'], buyer }, headers: { 'idempotency-key': id } },
    );
    expect(held.status).toBe(201);
    await api.pay(held.body, `pay-${id}`);
    await api.until(id, 'confirmed');
    await eventually(() => {
      const lines = linesAbout(id);
      const requests = lines.filter(({ msg }) => msg === 'request').map(({ route }) => route);
      expect(requests).toEqual(
        expect.arrayContaining([
          '/v1/reservations',
          '/v1/webhooks/standard',
          '/v1/reservations/:id',
        ]),
      );
      const told = lines.filter(({ msg }) => msg === 'Temporal was told');
      expect(told.map(({ kind, workflow }) => [kind, workflow])).toEqual(
        expect.arrayContaining([
          ['start', id],
          ['ring', id],
        ]),
      );
      const done = lines.filter(({ msg }) => msg === 'activity done');
      expect(done.map(({ activity }) => activity)).toEqual(
        expect.arrayContaining(['holdSeats', 'settleInbox', 'renderTickets', 'sendMail']),
      );
    });
    const text = JSON.stringify(linesOf());
    for (const secret of [buyer.email, buyer.name]) expect(text).not.toContain(secret);
  });

  it('tell of each webhook that was sent or not taken, and never its URL', async () => {
    const url = `${receiver.url}?token=only-the-receiver-knows`;
    const made = await api.call<{ id: string }>('POST', '/v1/webhook-endpoints', {
      body: { url, types: ['reservation.held'] },
      headers: { 'idempotency-key': randomUUID() },
    });
    expect(made.status).toBe(201);
    receiver.behave(503);
    const held = await api.held(await api.event(), ['A-1']);
    const toldOf = (what: string) => linesAbout(held.id).filter(({ msg }) => msg === what);
    await eventually(() =>
      expect(toldOf('a webhook was not taken')[0]).toMatchObject({
        level: 30,
        endpoint: made.body.id,
        sequence: expect.any(Number) as number,
        kind: 'reservation.held',
        status: 503,
        reason: 'it answered 503',
      }),
    );
    receiver.behave(200);
    await eventually(() =>
      expect(toldOf('a webhook was sent')).toMatchObject([
        { level: 20, endpoint: made.body.id, status: 200 },
      ]),
    );
    for (const line of [...toldOf('a webhook was sent'), ...toldOf('a webhook was not taken')])
      expect(line).not.toHaveProperty('from');
    expect(JSON.stringify(linesOf())).not.toContain('only-the-receiver-knows');
    const path = `/v1/webhook-endpoints/${made.body.id}`;
    expect((await api.call('DELETE', path)).status).toBe(204);
  });

  it('name the reservation of what is asked by another id, and of the helpers of tests', async () => {
    const { scanner, operator } = system.info.keys;
    const event = await api.event();
    const sold = await api.sold(event, ['A-1']);
    const [{ code } = { code: '' }] = await api.tickets(sold.id);
    const body = { code, event };
    for (let time = 0; time < 2; time++)
      await api.call('POST', '/v1/check-ins', { key: scanner, body });
    for (let time = 0; time < 2; time++)
      await api.call('POST', '/v1/check-ins/undo', { key: operator, body: { code } });
    const refund = await api.call<{ id: string }>('POST', `/v1/reservations/${sold.id}/refunds`, {
      key: operator,
      body: { amount: 1, reason: 'goodwill' },
      headers: { 'idempotency-key': randomUUID() },
    });
    await api.call('POST', `/v1/refunds/${refund.body.id}/mark-succeeded`, {
      key: operator,
      body: { note: 'in cash' },
    });
    await api.call('POST', `/v1/test-helpers/reservations/${sold.id}/pay`, {
      body: { outcome: 'fails' },
    });
    await api.call('POST', `/v1/test-helpers/reservations/${sold.id}/expire`);
    await eventually(() => {
      const answers = linesAbout(sold.id)
        .filter(({ msg, method }) => msg === 'request' && method === 'POST')
        .map(({ route, status }) => `${String(route)} ${String(status)}`);
      expect(answers).toEqual(
        expect.arrayContaining([
          '/v1/check-ins 201',
          '/v1/check-ins 409',
          '/v1/check-ins/undo 200',
          '/v1/check-ins/undo 409',
          '/v1/refunds/:id/mark-succeeded 409',
        ]),
      );
      const helpers = answers.filter((answer) => answer.startsWith('/v1/test-helpers/'));
      expect(helpers.map((answer) => answer.split(' ')[0])).toEqual([
        '/v1/test-helpers/reservations/:id/pay',
        '/v1/test-helpers/reservations/:id/expire',
      ]);
    });
  });

  it('say which activity failed, of which workflow, at which attempt, and why', async () => {
    replies.RCPT = '451 4.7.1 not now';
    const sold = await api.sold(await api.event(), ['A-1']);
    await eventually(() => {
      const failed = linesAbout(sold.id).filter(({ msg }) => msg === 'Activity failed');
      expect(failed[0]).toMatchObject({
        from: 'temporal',
        workflow: sold.id,
        workflowType: 'reservation',
        activity: 'sendMail',
        attempt: 1,
        err: expect.stringMatching(/^MailNotTaken: .*451/) as string,
      });
      expect(failed.at(-1)!.attempt).toBeGreaterThan(1);
    });
    replies.RCPT = '250 2.1.5 fine';
  });

  it('say of an entry that Temporal refuses which one it is, and what Temporal answered', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    // A search attribute of the wrong type is refused for what it is.
    const { operatorService } = system.temporal.connection;
    const namespace = system.info.temporalNamespace;
    await operatorService.removeSearchAttributes({ namespace, searchAttributes: ['EventSlugs'] });
    try {
      await eventually(async () => {
        const next = await api.held(held.event, [`B-${1 + Math.floor(Math.random() * 10)}`]);
        expect(next.status).toBe('held');
        const refused = linesOf().find(({ msg }) => msg.startsWith('Temporal refuses an entry'));
        expect(refused).toMatchObject({
          kind: 'start',
          entry: expect.any(Number) as number,
          reservation: expect.any(String) as string,
          msg: expect.stringContaining('EventSlugs') as string,
        });
      });
    } finally {
      await operatorService.addSearchAttributes({
        namespace,
        searchAttributes: indexedTypesOf(['EventSlugs']),
      });
    }
  });

  it('go on once there is room again on a disk that was full', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'));
    const file = join(folder, 'log');
    const logger = resolve('dist/src/logger.js');
    const program = `const log = require(${JSON.stringify(logger)}).createLogger('full', 'info');
      setInterval(() => log.info('a line of the log'), 5);`;
    // A limit of the file's size stands for the disk; its signal is ignored, so it is an error of the write.
    const script = `trap '' XFSZ; ulimit -f 16; exec '${process.execPath}' -e "$0" >> '${file}'`;
    const child = spawn('bash', ['-c', script, program], { stdio: 'ignore' });
    try {
      await eventually(() => expect(statSync(file).size).toBe(16_384));
      await new Promise((done) => setTimeout(done, 1000));
      truncateSync(file, 0);
      await eventually(() => expect(readFileSync(file, 'utf8')).toContain('a line of the log'));
    } finally {
      child.kill('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('are not full of probes', async () => {
    await fetch(`${system.info.apiUrl}/readyz`);
    await fetch(`${system.info.apiUrl}/livez`);
    const routes = linesOf().flatMap(({ route }) => route ?? []);
    expect(routes).not.toContain('/readyz');
    expect(routes).not.toContain('/livez');
  });
});
