import {
  createMailer,
  MailNotTaken,
  MailRefused,
  type Mailer,
  type MailerOptions,
} from '../../src/mail/mailer';
import { startSmtpDouble, type Replies, type SmtpDouble } from '../support/smtp-double';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function setUp(
  replies: Replies = {},
  options: Partial<MailerOptions> = {},
): Promise<{ server: SmtpDouble; mailer: Mailer }> {
  const server = await startSmtpDouble(replies);
  const mailer = createMailer({
    smtpUrl: server.url,
    from: 'Holdfast <tickets@holdfast.example>',
    ...options,
  });
  closing.push(
    () => server.close(),
    () => mailer.close(),
  );
  return { server, mailer };
}

const message = (address = 'ophelia@example.com') => ({
  to: { name: 'Ophelia', address },
  subject: 'Hello',
  text: 'Hello',
  messageId: '<tickets.1.0@holdfast.invalid>',
});

/** Why it was not sent. Not `instanceof Error`: Node's own errors are another realm's under Jest. */
async function failure(sending: Promise<unknown>): Promise<Error> {
  const outcome = await sending.then(
    () => 'sent',
    (error: unknown) => error as Error,
  );
  if (typeof outcome === 'string') throw new Error('It was sent');
  return outcome;
}

test.each([
  ['Holdfast <tickets@holdfast.example>', 'holdfast.example'],
  ['tickets@Čekárna.example', 'xn--ekrna-yqa91a.example'],
  ['"At @ Home" <box@localhost>', 'localhost'],
])('the sender %s has the domain %s for Message-IDs', async (from, domain) => {
  const { mailer } = await setUp({}, { from });
  expect(mailer.domain).toBe(domain);
});

test('a mail goes out from the sender of the settings, and the answer is told', async () => {
  const { server, mailer } = await setUp({ '.': '250 2.0.0 queued as 77' });
  await expect(mailer.send(message())).resolves.toEqual({
    messageId: '<tickets.1.0@holdfast.invalid>',
    response: '250 2.0.0 queued as 77',
  });
  expect(server.mails).toHaveLength(1);
  expect(server.mails[0]).toMatch(/^From: Holdfast <tickets@holdfast\.example>\r?$/m);
  expect(server.mails[0]).toMatch(/^To: Ophelia <ophelia@example\.com>\r?$/m);
});

test.each([
  ['user@xn--e1afmkfd.xn--p1ai', 'user@xn--e1afmkfd.xn--p1ai'],
  ['user@Пример.РФ', 'user@xn--e1afmkfd.xn--p1ai'],
  ['a&b@example.org', 'a&b@example.org'],
  ["a!#$%&'*+-/=?^_`{|}~.b@example.org", "a!#$%&'*+-/=?^_`{|}~.b@example.org"],
])('a mail to %s goes to the mailbox %s', async (address, mailbox) => {
  const { server, mailer } = await setUp();
  await mailer.send(message(address));
  expect(server.recipients).toEqual([`<${mailbox}>`]);
  expect(server.mails[0]).toContain(`<${mailbox}>`);
});

test('many mails share a few connections', async () => {
  const { server, mailer } = await setUp();
  await Promise.all(Array.from({ length: 20 }, () => mailer.send(message())));
  expect(server.mails).toHaveLength(20);
  expect(server.connections()).toBeLessThanOrEqual(3);
});

test.each<[string, Replies]>([
  ['no such mailbox', { RCPT: '550 5.1.1 no such user' }],
  ['no such domain', { RCPT: '550 5.1.2 no such host' }],
  ['not an address', { RCPT: '501 5.1.3 bad syntax' }],
  ['moved away', { RCPT: '551 5.1.6 moved' }],
  ['takes no mail', { RCPT: '556 5.1.10 null MX' }],
  ['closed', { RCPT: '550 5.2.1 mailbox disabled' }],
  ['no such mailbox, in two lines', { RCPT: '550-5.1.1 no such user.\r\n550 5.1.1 Try another.' }],
  ['no such mailbox, said after the mail', { '.': '550 5.1.1 no such user' }],
  ['unavailable, without an enhanced code', { RCPT: '550 mailbox unavailable' }],
  ['not local, without an enhanced code', { RCPT: '551 user not local' }],
  ['not allowed, without an enhanced code', { RCPT: '553 mailbox name not allowed' }],
  ['rejected, with a code that says nothing', { RCPT: '550 #5.1.0 Address rejected.' }],
])('an address that the server calls %s is not to be tried again', async (_what, replies) => {
  const { mailer } = await setUp(replies);
  const error = await failure(mailer.send(message()));
  expect(error).toBeInstanceOf(MailRefused);
  expect(error).toHaveProperty('reply', expect.stringMatching(/^5\d\d/));
});

test.each<[string, Replies]>([
  ['does not relay', { RCPT: '554 relay access denied' }],
  ['does not relay, by the code of an address', { RCPT: '550 relay not permitted' }],
  ['blocks us', { RCPT: '550 5.7.1 blocked' }],
  ['blocks us, without an enhanced code', { RCPT: '550 Client host blocked using a list' }],
  ['has a full mailbox', { RCPT: '552 mailbox full' }],
  ['has a full mailbox, with an enhanced code', { RCPT: '552 5.2.2 over quota' }],
  ['takes no data', { DATA: '554 no valid recipients' }],
  ['does not like the mail', { '.': '554 5.7.1 looks like spam' }],
  ['does not like the mail, by the code of an address', { '.': '550 bad content' }],
  ['speaks no SMTP', { RCPT: '999 what' }],
  ['speaks no SMTP after the mail', { '.': '999 what' }],
  ['has no such sender', { MAIL: '550 5.1.1 no such user' }],
])(
  'a server that %s says nothing of the address: it is worth another try',
  async (_what, replies) => {
    const { mailer } = await setUp(replies);
    const error = await failure(mailer.send(message()));
    expect(error).toBeInstanceOf(MailNotTaken);
    expect(error).toHaveProperty('answered', true);
    expect(error).toHaveProperty('reply', expect.stringMatching(/^(?:5\d\d|999) /));
  },
);

test.each([
  '550 <ophelia@example.com> is unknown here',
  '550 User OPHELIA unknown; write to postmaster@example.com',
  '552 5.2.2 ophelia@example.com: over quota',
])('what is told of "%s" repeats no address', async (reply) => {
  const { mailer } = await setUp({ RCPT: reply });
  const error = await failure(mailer.send(message()));
  expect(`${error.message} ${error.stack}`).not.toMatch(/ophelia|postmaster@|@example/i);
  expect(error).toHaveProperty('reply', expect.stringMatching(/^55\d .*(?:unknown|quota)/));
});

test.each<[string, Replies]>([
  ['asks to come back for the recipient', { RCPT: '451 4.7.1 greylisted' }],
  ['asks to come back for the mail', { '.': '452 4.3.1 disk full' }],
  ['refuses our sender', { MAIL: '550 5.7.1 not yours' }],
  ['wants a login first', { RCPT: '530 5.7.0 authentication required' }],
  ['is closing', { greeting: '421 going down' }],
  ['refuses us altogether', { greeting: '554 no service' }],
])('a server that %s is worth another try', async (_what, replies) => {
  const { mailer } = await setUp(replies);
  expect(await failure(mailer.send(message()))).not.toBeInstanceOf(MailRefused);
});

test.each<[string, Replies]>([
  ['never greets', { greeting: null }],
  ['never answers the recipient', { RCPT: null }],
  ['never acknowledges the mail', { '.': null }],
])('a server that %s ends in a timeout, worth another try', async (_what, replies) => {
  const { mailer } = await setUp(replies, { silenceLimitMs: 300 });
  const started = Date.now();
  expect(await failure(mailer.send(message()))).not.toBeInstanceOf(MailRefused);
  expect(Date.now() - started).toBeLessThan(25_000);
});

test('a mail that takes too long is given up, and its connections are not waited for', async () => {
  const replies: Replies = { '.': null };
  const { server, mailer } = await setUp(replies, { mailLimitMs: 3000 });
  const errors = await Promise.all(
    Array.from({ length: 4 }, () => failure(mailer.send(message()))),
  );
  for (const error of errors) expect(error).not.toBeInstanceOf(MailRefused);
  delete replies['.'];
  await mailer.send(message());
  expect(server.mails).toHaveLength(1);
});

test('no server at all is worth another try', async () => {
  const { server, mailer } = await setUp();
  await server.close();
  expect(await failure(mailer.send(message()))).not.toBeInstanceOf(MailRefused);
});

test.each([
  '',
  'ophelia',
  'a@b@c',
  'a b@c',
  'a@b\r\nRCPT TO:<eve@example.com>',
  '<a@b>',
  'a@b,c@d',
  '"a"@b',
  `${'a'.repeat(65)}@b`,
])('an address that is none (%j) is refused before any server is asked', async (address) => {
  const { server, mailer } = await setUp();
  expect(await failure(mailer.send(message(address)))).toBeInstanceOf(MailRefused);
  expect(server.connections()).toBe(0);
});
