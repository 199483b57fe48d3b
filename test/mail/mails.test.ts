import { simpleParser, type AddressObject, type ParsedMail } from 'mailparser';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { messageIdOf, ticketsMessageId } from '../../src/domain/message-id';
import { cancelledMail } from '../../src/mail/cancelled-mail';
import { changedMail } from '../../src/mail/changed-mail';
import { refundMail } from '../../src/mail/refund-mail';
import { ticketsMail, type TicketsMail } from '../../src/mail/ticket-mail';

const reservationId = 'b7e1c0de-0000-4000-8000-000000000001';
const event = {
  slug: 'hamlet',
  name: 'Hamlet; Prince, of Denmark',
  venue: 'Theatre on the Balustrade, Prague',
  startsAt: '2026-03-14T19:00:00+01:00',
  timeZone: 'Europe/Prague',
  revision: 1,
};
const to = { name: 'Ophelia Nováková', email: 'ophelia@example.com' };

const organizer = { name: 'Holdfast "Tickets"', email: 'tickets@holdfast.example' };
const order = {
  reservationId,
  organizer,
  revision: 1,
  firstEvent: 'hamlet',
  events: [event],
  eventsLeft: [],
};

const tickets = (change: Partial<TicketsMail> = {}) =>
  ticketsMail({
    ...order,
    to,
    messageId: ticketsMessageId(reservationId, change.sequence ?? 0, ['code-1', 'code-2']),
    sequence: 0,
    pdf: Buffer.from('%PDF-1.4 tickets'),
    writtenAt: new Date('2026-01-02T03:04:05Z'),
    ...change,
  });
const refund = (change: Partial<Parameters<typeof refundMail>[0]> = {}) =>
  refundMail({
    reservationId,
    to,
    events: [event],
    messageId: '<refund.1@holdfast.invalid>',
    refund: { reference: 'pi_123', amount: 9000, currency: 'EUR', reason: 'expired' },
    ...change,
  });

/** The mail as it would go over the line, and as a mail program reads it. */
async function deliver(
  mail: SendMailOptions,
): Promise<{ raw: string; mail: ParsedMail; header: string[] }> {
  const transport = createTransport({ streamTransport: true, buffer: true });
  const { message } = await transport.sendMail({ from: 'tickets@holdfast.example', ...mail });
  const raw = (message as Buffer).toString();
  const header = raw
    .slice(0, raw.indexOf('\r\n\r\n'))
    .replace(/\r\n[ \t]+/g, ' ')
    .split('\r\n');
  return { raw, mail: await simpleParser(raw), header };
}

describe('the mail with the tickets', () => {
  test('has text, HTML, the PDF and the calendar entry', async () => {
    const { mail } = await deliver(tickets());
    expect(mail.subject).toBe('Your tickets: Hamlet; Prince, of Denmark');
    expect((mail.to as AddressObject).value).toEqual([
      { name: 'Ophelia Nováková', address: 'ophelia@example.com' },
    ]);
    for (const body of [mail.text, String(mail.html)]) {
      for (const part of ['Dear Ophelia Nováková,', event.name, event.venue, reservationId])
        expect(body).toContain(part);
      expect(body).toContain('Saturday, 14 March 2026, 19:00 (Central European Standard Time)');
    }
    expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      ['tickets.pdf', 'application/pdf'],
      ['event.ics', 'text/calendar'],
    ]);
    expect(mail.attachments[0]!.content.toString()).toBe('%PDF-1.4 tickets');
  });

  test('names each seat and price when it knows them', async () => {
    const seat = { label: 'A-1', section: 'Stalls', row: 'A', number: '1', category: 'Stalls' };
    const { mail } = await deliver(
      tickets({ tickets: [{ event: 0, seat, price: { amount: 4500, currency: 'EUR' } }] }),
    );
    for (const body of [mail.text, mail.html])
      expect(body).toContain('Stalls · Row A · Seat 1 – €45.00');
  });

  test('keeps the Message-ID it was given, a new one for each sending', async () => {
    const [first, again, resent] = await Promise.all(
      [tickets(), tickets(), tickets({ sequence: 1 })].map(deliver),
    );
    expect(first!.mail.messageId).toMatch(/^<tickets\.[0-9a-f]{32}\.0@holdfast/);
    expect(again!.mail.messageId).toBe(first!.mail.messageId);
    expect(resent!.mail.messageId).toBe(first!.mail.messageId!.replace('.0@', '.1@'));
    expect(resent!.mail.subject).toBe('Your tickets again: Hamlet; Prince, of Denmark');
  });

  test('has an id of the tickets in it: the same for the same, another for new ones', () => {
    const id = (codes: string[]) => ticketsMessageId(reservationId, 0, codes);
    expect(id(['code-2', 'code-1'])).toBe(id(['code-1', 'code-2']));
    expect(id(['code-1', 'code-3'])).not.toBe(id(['code-1', 'code-2']));
    expect(id(['code-1'])).not.toBe(id(['code-1', 'code-2']));
  });

  test("has an id of the sender's domain", () => {
    expect(messageIdOf(ticketsMessageId(reservationId, 1, ['code']), 'tickets.example')).toMatch(
      /^<tickets\.[0-9a-f]{32}\.1@tickets\.example>$/,
    );
  });

  test('says that a machine wrote it', async () => {
    const { header, mail } = await deliver(tickets());
    expect(header).toContain('Auto-Submitted: auto-generated');
    expect(header).toContain(`X-Entity-Ref-ID: ${mail.messageId!.slice(1, -1)}`);
  });

  test('loads nothing from afar', async () => {
    const { mail } = await deliver(tickets());
    expect(String(mail.html)).not.toMatch(/https?:|<img|<link|<script|url\(/i);
  });

  test('has a calendar entry in UTC, of three hours, that stays one entry when sent again', async () => {
    const calendar = async (change: Partial<TicketsMail>) =>
      (await deliver(tickets(change))).mail.attachments[1]!.content.toString()
        .replace(/\r\n[ \t]/g, '')
        .split('\r\n');
    const lines = await calendar({});
    for (const line of [
      'METHOD:PUBLISH',
      `UID:${reservationId}`,
      'SUMMARY:Hamlet\\; Prince\\, of Denmark',
      'LOCATION:Theatre on the Balustrade\\, Prague',
      'DTSTART:20260314T180000Z',
      'DURATION:PT3H',
      'DTSTAMP:20260102T030405Z',
      'SEQUENCE:0',
      `ORGANIZER;CN="Holdfast 'Tickets'":MAILTO:tickets@holdfast.example`,
    ]) {
      expect(lines).toContain(line);
    }
    expect(await calendar({ sequence: 1 })).toEqual(lines);
    expect(await calendar({ events: [{ ...event, venue: null }] })).not.toContainEqual(
      expect.stringMatching(/^LOCATION/),
    );
  });
});

describe('the calendar of a buyer whose order is changed', () => {
  const gala = { ...event, slug: 'gala', name: 'Gala', revision: 5 };
  /** The files of a mail, as method, uid and sequence. */
  const entriesIn = ({ attachments = [] }: SendMailOptions) =>
    attachments.flatMap(({ content, filename }) => {
      const text = content as string;
      const value = (name: string) => new RegExp(`^${name}:(.*)\r$`, 'm').exec(text)?.[1];
      return filename === 'tickets.pdf'
        ? []
        : [[value('METHOD'), value('UID'), Number(value('SEQUENCE'))]];
    });

  test('has one entry for each event, whatever is added to the order', () => {
    const [one, two] = [tickets(), tickets({ revision: 2, events: [event, gala] })].map(entriesIn);
    expect(one).toEqual([['PUBLISH', reservationId, 0]]);
    expect(two).toEqual([
      ['PUBLISH', reservationId, 2],
      ['PUBLISH', `${reservationId}:gala`, 6],
    ]);
  });

  test('loses an event that left the order, and gets it again when it comes back', () => {
    const moved = tickets({ sequence: 1, revision: 2, events: [gala], eventsLeft: [event] });
    expect(entriesIn(moved)).toEqual([
      ['PUBLISH', `${reservationId}:gala`, 6],
      ['CANCEL', reservationId, 3],
    ]);
    const back = tickets({ sequence: 2, revision: 3, events: [event], eventsLeft: [gala] });
    expect(entriesIn(back)).toEqual([
      ['PUBLISH', reservationId, 4],
      ['CANCEL', `${reservationId}:gala`, 9],
    ]);
  });

  test('loses all of them when the reservation is cancelled', () => {
    const mail = cancelledMail({
      ...order,
      to,
      revision: 2,
      events: [gala],
      eventsLeft: [event],
      messageId: '<cancelled.1@holdfast.invalid>',
      refund: { refund: 0, currency: 'EUR' },
    });
    expect(entriesIn(mail)).toEqual([
      ['CANCEL', `${reservationId}:gala`, 7],
      ['CANCEL', reservationId, 3],
    ]);
  });

  test('has lines of 75 octets at most, in any script', async () => {
    const name = 'Прощание славянки 漢字'.repeat(8);
    const { mail } = await deliver(tickets({ events: [{ ...event, name, venue: name }] }));
    const text = mail.attachments[1]!.content.toString();
    const lines = text.split('\r\n');
    expect(Math.max(...lines.map((line) => Buffer.byteLength(line)))).toBeLessThanOrEqual(75);
    expect(text.replace(/\r\n /g, '')).toContain(`SUMMARY:${name}`);
  });
});

describe('the mail about an event that was changed', () => {
  const changed = (was: Partial<typeof event>, events = [event]) =>
    changedMail({
      ...order,
      to,
      events,
      messageId: '<changed.1@holdfast.invalid>',
      changed: { slug: 'hamlet', was: { ...event, ...was } },
    });

  test('says what is new', () => {
    expect(changed({ venue: 'Elsewhere' })!.subject).toMatch(/^New place: /);
    expect(changed({ startsAt: '2026-03-15T19:00:00+01:00' })!.subject).toMatch(/^New time: /);
  });

  test('is none where the event is again as it was, or the reservation has left it', () => {
    expect(changed({})).toBeNull();
    expect(changed({ venue: 'Elsewhere' }, [{ ...event, slug: 'gala' }])).toBeNull();
  });
});

describe('the mail about a payment that came too late', () => {
  test('says what happened, how much it was, and that the money is on its way back', async () => {
    const { mail } = await deliver(refund());
    expect(mail.subject).toBe('Your refund of €90.00: Hamlet; Prince, of Denmark');
    expect(mail.messageId).toMatch(/^<refund\.1@holdfast/);
    for (const body of [mail.text, mail.html]) {
      for (const part of ['€90.00', 'after the time', 'on its way back', 'pi_123', reservationId])
        expect(body).toContain(part);
    }
    expect(mail.attachments).toEqual([]);
  });

  test('says that a machine wrote it, and loads nothing', async () => {
    const { header, mail } = await deliver(refund());
    expect(header).toContain('Auto-Submitted: auto-generated');
    expect(String(mail.html)).not.toMatch(/https?:|<img|<link|<script|url\(/i);
  });
});

describe('names given by strangers', () => {
  const hostile = 'Eve\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>';
  const stranger = {
    to: { ...to, name: hostile },
    events: [{ ...event, name: hostile, venue: hostile }],
  };

  test.each([
    ['tickets', () => tickets(stranger)],
    ['refund', () => refund(stranger)],
  ])('cannot write headers or HTML of the %s mail', async (_kind, write) => {
    const { header, mail } = await deliver(write());
    const names = header.map((line) => line.slice(0, line.indexOf(':')));
    expect(names).not.toContain('Bcc');
    expect(header.every((line) => /^[\w-]+: /.test(line))).toBe(true);
    expect((mail.to as AddressObject).value.map(({ address }) => address)).toEqual([
      'ophelia@example.com',
    ]);
    expect(mail.subject).toContain('Eve Bcc: all@example.com <script>');
    expect(mail.html).not.toContain('<script');
    expect(mail.text).toContain('Dear Eve Bcc: all@example.com <script>alert(1)</script>,');
  });

  test('cannot write lines of the calendar entry', async () => {
    const { mail } = await deliver(
      tickets({ events: [{ ...event, name: 'A\r\nEND:VEVENT\nURL:http://evil.example' }] }),
    );
    const lines = mail.attachments[1]!.content.toString().split('\r\n');
    expect(lines.filter((line) => /^(END:VEVENT|URL)/.test(line))).toEqual(['END:VEVENT']);
  });

  test('are cut in the subject, not in the mail, and keep their script', async () => {
    const name = '漢字'.repeat(100);
    const { mail } = await deliver(
      tickets({ events: [{ ...event, name }], to: { ...to, name: 'محمد 😀' } }),
    );
    expect(mail.subject).toBe(`Your tickets: ${name.slice(0, 119)}…`);
    expect(mail.text).toContain(name);
    expect((mail.to as AddressObject).value[0]!.name).toBe('محمد 😀');
  });

  test('may be missing', async () => {
    const { mail } = await deliver(tickets({ to: { ...to, name: '' } }));
    expect(mail.text).toMatch(/^Hello,/);
  });
});
