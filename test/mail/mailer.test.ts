import { createMailer, MailRefused, type Mailer, type MailerOptions } from '../../src/mail/mailer';
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
  const mailer = createMailer({ smtpUrl: server.url, from: 'Holdfast <tickets@holdfast.example>', ...options });
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

test('many mails share a few connections', async () => {
  const { server, mailer } = await setUp();
  await Promise.all(Array.from({ length: 20 }, () => mailer.send(message())));
  expect(server.mails).toHaveLength(20);
  expect(server.connections()).toBeLessThanOrEqual(3);
});

test.each<[string, Replies]>([
  ['the recipient', { RCPT: '550 5.1.1 no such user' }],
  ['the mail', { '.': '554 5.7.1 looks like spam' }],
])('a server that says no to %s for good is not to be asked again', async (_what, replies) => {
  const { mailer } = await setUp(replies);
  const error = await failure(mailer.send(message()));
  expect(error).toBeInstanceOf(MailRefused);
  expect(error).toHaveProperty('reply', expect.stringMatching(/^55\d 5\./));
});

test('a refusal does not repeat the address', async () => {
  const { mailer } = await setUp({ RCPT: '550 <ophelia@example.com> is unknown here' });
  const error = await failure(mailer.send(message()));
  expect(error).toBeInstanceOf(MailRefused);
  expect(error.message).not.toContain('ophelia@example.com');
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
  const errors = await Promise.all(Array.from({ length: 4 }, () => failure(mailer.send(message()))));
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
