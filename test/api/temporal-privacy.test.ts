import { ApiClient, eventually, type Reservation } from '../support/api';
import { setHoldTtl } from '../support/hold-ttl';
import { startSmtpDouble, type SmtpDouble } from '../support/smtp-double';
import { startSystem, type TestSystem } from '../support/system';
import { everythingKeptOf, workflowIds } from '../support/temporal-history';

const buyer = { name: 'Ophelia Nováková', email: 'ophelia.novakova@example.org' };
const refusedBuyer = { name: 'Yorick Skull', email: 'yorick@refused.example.org' };
let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
/** What the mail server says to the next recipient; it names the address, as real ones do. */
const replies = { RCPT: '250 2.1.5 fine' };

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  system = await startSystem({ childEnv: { SMTP_URL: mailServer.url } });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
});

async function heldBy(person: typeof buyer, overrides = {}): Promise<Reservation> {
  const event = await api.event(overrides);
  const body = { event, seats: ['A-1'], buyer: person };
  const headers = { 'idempotency-key': `of-${event}` };
  const answer = await api.call<Reservation>('POST', '/v1/reservations', { body, headers });
  expect(answer.status).toBe(201);
  return answer.body;
}
const soldTo = async (person: typeof buyer) => (await api.confirm(await heldBy(person))).body;
const untilHistoryHas = (id: string, type: string) =>
  eventually(async () => {
    const history = await api.history(id);
    expect(history.map((entry) => entry.type)).toContain(type);
    return history;
  });
/** Every workflow of this system, with all that Temporal keeps of it in clear. */
async function everythingInTemporal(): Promise<string> {
  const ids = await workflowIds(system.temporal);
  const texts = await Promise.all(ids.map((id) => everythingKeptOf(system.temporal, id)));
  return [...ids, ...texts].join('\n');
}
/** Line by line, so that a failure shows the place and not everything. */
function expectNothingAbout({ name, email }: typeof buyer, text: string) {
  const secrets = [email, email.split('@')[0]!, name, ...name.split(' ')].map((secret) =>
    secret.toLowerCase(),
  );
  const telling = text
    .split('\n')
    .filter((line) => secrets.some((secret) => line.toLowerCase().includes(secret)));
  expect(telling).toEqual([]);
}

describe('Personal data', () => {
  it('never comes to Temporal on the whole way of a reservation: hold, sale, tickets, mail, resend, cancel, refund', async () => {
    const sold = await soldTo(buyer);
    await untilHistoryHas(sold.id, 'tickets.mailed');
    await api.call('POST', `/v1/reservations/${sold.id}/resend`);
    await eventually(() => {
      expect(mailServer.mails).toHaveLength(2);
    });
    await api.cancel(sold.id);
    await untilHistoryHas(sold.id, 'refund.succeeded');

    await eventually(async () => {
      const kinds = (await workflowIds(system.temporal)).map((id) => id.split(':')[0]);
      expect(kinds).toEqual(expect.arrayContaining([sold.id, 'resend', 'refund', 'settle']));
    });
    const text = await everythingInTemporal();
    expect(text).toContain(sold.event);
    expectNothingAbout(buyer, text);
  });

  it('never comes to Temporal with a late payment that goes back', async () => {
    const held = await heldBy(buyer, { holdTtlSeconds: 1 });
    await api.until(held.id, 'expired');
    await setHoldTtl(system.db, held.event, 600);
    await api.sold(held.event, ['A-1']);
    await api.pay(held);
    await untilHistoryHas(held.id, 'refund.succeeded');
    const [refund] = (await api.get(held.id)).body.refunds;
    await eventually(() => {
      expect(mailServer.mails.join()).toContain(`<refund.${refund!.id}@`);
    });
    expectNothingAbout(buyer, await everythingInTemporal());
  });

  it('never comes to Temporal or the history when the mail server refuses the address for good', async () => {
    replies.RCPT = `550 5.1.1 <${refusedBuyer.email}>: ${refusedBuyer.email} is unknown here`;
    const sold = await soldTo(refusedBuyer);
    const history = await untilHistoryHas(sold.id, 'tickets.mail_refused');
    replies.RCPT = '250 2.1.5 fine';
    expectNothingAbout(refusedBuyer, JSON.stringify(history));
    expectNothingAbout(refusedBuyer, await everythingInTemporal());
    expect((await api.get(sold.id)).body.status).toBe('confirmed');
  });

  it('never comes to Temporal when the mail server refuses the address for now', async () => {
    replies.RCPT = `451 4.7.1 <${refusedBuyer.email}>: try again later, ${refusedBuyer.email}`;
    const sold = await soldTo(refusedBuyer);
    await eventually(async () => {
      const { raw } = await system.temporal.workflow.getHandle(sold.id).describe();
      const mailing = raw.pendingActivities?.find(
        ({ activityType }) => activityType?.name === 'sendMail',
      );
      expect(mailing?.attempt).toBeGreaterThan(1);
    });
    const whileItFails = await everythingInTemporal();
    replies.RCPT = '250 2.1.5 fine';
    await untilHistoryHas(sold.id, 'tickets.mailed');
    expectNothingAbout(refusedBuyer, whileItFails);
    expectNothingAbout(refusedBuyer, await everythingInTemporal());
  });
});
