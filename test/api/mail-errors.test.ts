import { retryDelayMs } from '../../src/activities/send-mail';
import { sql } from '../../src/db/database';
import { readMoment } from '../../src/db/verify';
import { simpleParser } from 'mailparser';
import { createMetrics } from '../../src/worker/metrics';
import { ApiClient, eventually, refusal, type Reservation } from '../support/api';
import { startSmtpDouble, type Replies, type SmtpDouble } from '../support/smtp-double';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;
let mailServer: SmtpDouble;
const replies: Replies = {};

beforeAll(async () => {
  mailServer = await startSmtpDouble(replies);
  system = await startSystem({ childEnv: { SMTP_URL: mailServer.url } });
  api = new ApiClient(system.info);
});
afterEach(() => {
  mailServer.letGo();
  for (const command of Object.keys(replies)) Reflect.deleteProperty(replies, command);
});
afterAll(async () => {
  await system.stop();
  await mailServer.close();
});

interface MailRow {
  sequence: number;
  sent: boolean;
  refused: string | null;
  last_error: string | null;
}
const mailsOf = ({ id }: Reservation) =>
  system.db.rows<MailRow>(
    sql(
      '',
      'select sequence, sent_at is not null as sent, refused, last_error from mails where reservation_id = $1 order by 1',
    ),
    [id],
  );
const messageIdsOf = async ({ id }: Reservation) =>
  (
    await system.db.rows<{ message_id: string }>(
      sql('', 'select message_id from mails where reservation_id = $1 order by sequence'),
      [id],
    )
  ).map((row) => row.message_id);
const typesOf = async ({ id }: Reservation) => (await api.history(id)).map(({ type }) => type);
const soldSeat = async () => api.sold(await api.event(), ['A-1']);
const correct = ({ id }: Pick<Reservation, 'id'>, key: string | null = system.info.keys.operator) =>
  api.call('PATCH', `/v1/reservations/${id}`, {
    key,
    body: { buyer: { email: 'right@example.org' } },
  });
/** The kinds of a reservation's mails that the operators' list has. */
const listed = async ({ id }: Pick<Reservation, 'id'>) => {
  const { body } = await api.call<{ data: { reservation: string; kind: string }[] }>(
    'GET',
    '/v1/mails/undelivered?limit=200',
    { key: system.info.keys.operator },
  );
  return body.data.filter((mail) => mail.reservation === id).map(({ kind }) => kind);
};
const metric = async (name: string) => {
  const text = await createMetrics(system.db).text();
  return Number(new RegExp(`^${name}(?:\\{scope="database"\\})? (\\S+)$`, 'm').exec(text)?.[1]);
};

describe('A mail that is under way while the seats are changed', () => {
  it('is followed by one with the tickets as they are then', async () => {
    mailServer.keepWaiting();
    const event = await api.event();
    const sold = await api.sold(event, ['A-1']);
    const attempted = sql<{ yes: boolean }>(
      '',
      'select attempted_at is not null as yes from mails where reservation_id = $1',
    );
    await eventually(async () =>
      expect(await system.db.rows(attempted, [sold.id])).toEqual([{ yes: true }]),
    );
    await eventually(() => expect(mailServer.waiting()).toHaveLength(1));
    const changes = `/v1/reservations/${sold.id}/changes`;
    const swap = { release: ['A-1'], take: [{ event, seats: ['A-2'] }] };
    const headers = { 'idempotency-key': `swap-${sold.id}` };
    const quote = await api.call<{ id: string }>('POST', changes, { body: swap, headers });
    expect(quote.status).toBe(201);
    const confirmed = await api.ask<{ status: string }>(`${changes}/${quote.body.id}/confirm`, {
      body: {},
    });
    expect([confirmed.status, confirmed.body.status]).toEqual([200, 'applied']);
    mailServer.letGo();
    await eventually(async () =>
      expect((await mailsOf(sold)).map(({ sent }) => sent)).toEqual([true, true]),
    );
    const last = await simpleParser(mailServer.mails.at(-1)!);
    expect(last.text).toContain('Seat 2');
    expect(last.text).not.toContain('Seat 1');
    expect(last.messageId).toBe(
      (await messageIdsOf(sold))[1]!.replace(/@.*/, '@holdfast.example>'),
    );
  });
});

describe('A mail that the server does not take', () => {
  it.each<[string, Replies, string]>([
    ['does not relay', { RCPT: '554 relay access denied' }, '554 relay access denied (to RCPT TO)'],
    ['blocks us', { RCPT: '550 5.7.1 blocked' }, '550 5.7.1 blocked (to RCPT TO)'],
    ['has a full mailbox', { RCPT: '552 mailbox full' }, '552 mailbox full (to RCPT TO)'],
    ['takes no data', { DATA: '554 not now' }, '554 not now (to DATA)'],
    ['speaks no SMTP', { '.': '999 what' }, '999 what (to DATA)'],
  ])(
    'because it %s is tried again, is counted, and goes out once the server takes it',
    async (_what, said, error) => {
      Object.assign(replies, said);
      const sold = await soldSeat();
      const waiting = { sequence: 0, sent: false, refused: null, last_error: error };
      await eventually(async () => expect(await mailsOf(sold)).toEqual([waiting]));
      expect(await typesOf(sold)).not.toContain('tickets.mail_refused');
      expect(await metric('holdfast_mails_owed')).toBe(1);
      expect(await metric('holdfast_mails_oldest_seconds')).toBeGreaterThan(0);
      expect(await listed(sold)).toEqual(['tickets']);

      for (const command of Object.keys(said)) Reflect.deleteProperty(replies, command);
      const fixed = await messageIdsOf(sold);
      const sent = { sequence: 0, sent: true, refused: null, last_error: null };
      await eventually(async () => expect(await mailsOf(sold)).toEqual([sent]));
      expect(await messageIdsOf(sold)).toEqual(fixed);
      const id = fixed[0]!.replace(/@.*/, '@holdfast.example>');
      expect(mailServer.mails.at(-1)).toContain(`Message-ID: ${id}`);
      expect(await metric('holdfast_mails_owed')).toBe(0);
      expect(await listed(sold)).toEqual([]);
    },
  );

  it('because the address is none is refused for good, and goes to the address that an operator corrects', async () => {
    replies.RCPT = '550 5.1.1 no such user';
    const sold = await soldSeat();
    await eventually(async () => expect(await typesOf(sold)).toContain('tickets.mail_refused'));
    const refused = {
      sequence: 0,
      sent: false,
      refused: 'the mail server refused it (550 5.1.1 no such user)',
      last_error: null,
    };
    expect(await mailsOf(sold)).toEqual([refused]);
    expect(await metric('holdfast_mails_refused')).toBe(1);
    expect(await listed(sold)).toEqual(['tickets']);

    Reflect.deleteProperty(replies, 'RCPT');
    expect((await correct(sold)).status).toBe(200);
    const again = { sequence: 1, sent: true, refused: null, last_error: null };
    await eventually(async () => expect(await mailsOf(sold)).toEqual([refused, again]));
    expect(mailServer.recipients.at(-1)).toBe('<right@example.org>');
    expect(await metric('holdfast_mails_refused')).toBe(0);
    expect(await listed(sold)).toEqual([]);
    const pdf = `/v1/reservations/${sold.id}/tickets.pdf`;
    const key = system.info.keys.operator;
    expect((await api.tickets(sold.id)).map(({ status }) => status)).toEqual(['valid']);
    expect((await api.call('GET', pdf, { key })).status).toBe(200);
    expect((await api.call('POST', `/v1/reservations/${sold.id}/resend`)).status).toBe(202);
    const third = { sequence: 2, sent: true, refused: null, last_error: null };
    await eventually(async () => expect(await mailsOf(sold)).toEqual([refused, again, third]));
  });

  it('leaves the list when its sale is cancelled or its buyer is erased', async () => {
    const key = system.info.keys.operator;
    replies.RCPT = '451 4.3.0 later';
    const [cancelled, erased] = [await soldSeat(), await soldSeat()];
    for (const sold of [cancelled, erased])
      await eventually(async () => expect(await listed(sold)).toEqual(['tickets']));
    expect((await api.cancel(cancelled.id)).status).toBe(200);
    const erase = await api.call('POST', `/v1/reservations/${erased.id}/erase-buyer`, { key });
    expect(erase.status).toBe(200);
    expect(await listed(erased)).toEqual([]);
    // That it was cancelled, the buyer is still to hear.
    await eventually(async () =>
      expect((await listed(cancelled)).sort()).toEqual(['cancelled', 'refund']),
    );
    Reflect.deleteProperty(replies, 'RCPT');
    await eventually(async () => expect(await listed(cancelled)).toEqual([]));
    expect(await metric('holdfast_mails_refused')).toBe(0);
  });

  it('goes to a corrected address also when its reservation has ended', async () => {
    const sold = await soldSeat();
    await eventually(async () => expect(await typesOf(sold)).toContain('tickets.mailed'));
    replies.RCPT = '550 5.1.1 no such user';
    expect((await api.cancel(sold.id)).status).toBe(200);
    const kinds = sql<{ kind: string; sent: boolean; refused: boolean }>(
      '',
      `select kind, sent_at is not null as sent, refused is not null as refused from mails
        where reservation_id = $1 and kind <> 'tickets' order by kind`,
    );
    const ofSold = () => system.db.rows(kinds, [sold.id]);
    const mail = (kind: string, sent: boolean) => ({ kind, sent, refused: !sent });
    await eventually(async () =>
      expect(await ofSold()).toEqual([mail('cancelled', false), mail('refund', false)]),
    );
    expect(await metric('holdfast_mails_refused')).toBe(2);
    expect(refusal(await correct(sold, system.info.keys.client))).toEqual([
      409,
      'reservation_cancelled',
    ]);

    Reflect.deleteProperty(replies, 'RCPT');
    expect((await correct(sold)).body.status).toBe('cancelled');
    await eventually(async () =>
      expect(await ofSold()).toEqual([mail('cancelled', true), mail('refund', true)]),
    );
    expect(mailServer.recipients.slice(-2)).toEqual(Array(2).fill('<right@example.org>'));
    expect(await metric('holdfast_mails_refused')).toBe(0);
    const findings = (await readMoment(system.db)).results.flatMap((check) => check.findings);
    expect(findings.filter(({ detail }) => detail.includes(sold.id))).toEqual([]);
  });

  it('is owed on when the address was corrected while it was being refused', async () => {
    const sold = await soldSeat();
    await eventually(async () => expect(await typesOf(sold)).toContain('tickets.mailed'));
    mailServer.keepWaiting();
    replies['.'] = '550 5.1.1 no such user';
    expect((await api.cancel(sold.id)).status).toBe(200);
    const states = sql<{ attempted: boolean; sent: boolean }>(
      '',
      `select attempted_at is not null as attempted, sent_at is not null as sent from mails
        where reservation_id = $1 and kind = 'cancelled'`,
    );
    const state = () => system.db.rows(states, [sold.id]);
    await eventually(async () => expect(await state()).toEqual([{ attempted: true, sent: false }]));
    const messageId = (await messageIdsOf(sold)).find((id) => id.startsWith('<cancelled.'))!;
    const [withoutDomain] = messageId.split('@') as [string];
    // The mail about the refund may wait beside it.
    await eventually(() =>
      expect(mailServer.waiting().filter((mail) => mail.includes(withoutDomain))).toHaveLength(1),
    );
    expect((await correct(sold)).status).toBe(200);
    mailServer.letGo();
    Reflect.deleteProperty(replies, '.');
    await eventually(async () => expect(await state()).toEqual([{ attempted: true, sent: true }]));
    expect(mailServer.recipients.at(-1)).toBe('<right@example.org>');
  });

  describe('about an event that was moved', () => {
    interface NewsRow {
      refused: string | null;
      sent: boolean;
      failed: boolean;
    }
    const NEWS = sql<NewsRow>(
      '',
      `select refused, sent_at is not null as sent, last_error is not null as failed from mails
        where reservation_id = $1 and kind = 'event_changed' order by id`,
    );
    const newsOf = ({ id }: Reservation) => system.db.rows(NEWS, [id]);
    const move = async (event: string, venue: string, notify: boolean) => {
      const path = `/v1/events/${event}`;
      const etag = (await api.call('GET', path)).headers.get('etag')!;
      const answer = await api.call('PATCH', path, {
        key: system.info.keys.operator,
        body: { venue, notify },
        headers: { 'if-match': etag },
      });
      expect(answer.status).toBe(200);
    };
    const soldAndMailed = async (event: string) => {
      const sold = await api.sold(event, ['A-1']);
      await eventually(async () => expect(await typesOf(sold)).toContain('tickets.mailed'));
      return sold;
    };
    const waits = (sold: Reservation, count: number) =>
      eventually(async () => {
        const news = await newsOf(sold);
        expect([news.length, news.at(-1)]).toEqual([
          count,
          { refused: null, sent: false, failed: true },
        ]);
      });

    it('is not owed any more when the reservation has left the event', async () => {
      const [event, other] = [await api.event(), await api.event()];
      const sold = await soldAndMailed(event);
      replies.RCPT = '451 4.3.0 later';
      await move(event, 'Elsewhere', true);
      await waits(sold, 1);
      const changes = `/v1/reservations/${sold.id}/changes`;
      const swap = { release: ['A-1'], take: [{ event: other, seats: ['A-1'] }] };
      const headers = { 'idempotency-key': `leave-${sold.id}` };
      const quote = await api.call<{ id: string }>('POST', changes, { body: swap, headers });
      expect((await api.ask(`${changes}/${quote.body.id}/confirm`, { body: {} })).status).toBe(200);
      Reflect.deleteProperty(replies, 'RCPT');
      await eventually(async () =>
        expect(await newsOf(sold)).toEqual([
          { refused: 'replaced by a later one', sent: false, failed: false },
        ]),
      );
      expect(await listed(sold)).toEqual([]);
      const mail = await eventually(async () => {
        const last = await simpleParser(mailServer.mails.at(-1)!);
        expect(last.subject).toMatch(/^Your tickets again/);
        return last;
      });
      const calendars = mail.attachments.filter(
        ({ contentType }) => contentType === 'text/calendar',
      );
      expect(calendars.map(({ filename }) => filename)).toEqual([
        'event.ics',
        `cancelled-${event}.ics`,
      ]);
    });

    it('says how it differs from what the buyer was told last', async () => {
      const event = await api.event({ venue: 'A' });
      const sold = await soldAndMailed(event);
      replies.RCPT = '451 4.3.0 later';
      await move(event, 'B', true);
      await waits(sold, 1);
      await move(event, 'C', true);
      await waits(sold, 2);
      await move(event, 'B', false);
      Reflect.deleteProperty(replies, 'RCPT');
      await eventually(async () => expect((await newsOf(sold)).at(-1)!.sent).toBe(true));
      const { text } = await simpleParser(mailServer.mails.at(-1)!);
      expect(text).toContain('Was at: A');
    });
  });

  it('is asked for ever more seldom, up to a quarter of an hour', () => {
    expect([1, 2, 5, 10, 11, 5000].map(retryDelayMs)).toEqual([
      1000, 2000, 16_000, 512_000, 900_000, 900_000,
    ]);
  });
});
