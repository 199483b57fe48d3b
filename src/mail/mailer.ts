import { createTransport, type SendMailOptions } from 'nodemailer';
import { parseEmailAddress, readSender } from '../domain/email-address';
import { inSpan } from '../spans';
import { isAboutTheAddress, withoutAddresses } from './smtp-refusal';

export interface MailerOptions {
  /** `smtp://` or `smtps://`, with user and password where needed. */
  smtpUrl: string;
  /** The sender: `Name <address>`. */
  from: string;
  /** How long a server may take to accept a connection or to send data. Default 20 s. */
  silenceLimitMs?: number;
  /** How long a whole mail may take. Default 60 s. */
  mailLimitMs?: number;
}

export interface Mailer {
  /** The domain of the sender, in ASCII: Message-IDs carry it. */
  domain: string;
  sender: { name: string; email: string };
  /**
   * Sends a mail to the server.
   * @throws MailRefused when no retry can succeed; MailNotTaken when a retry may succeed
   */
  send(message: SendMailOptions): Promise<{ messageId: string; response: string }>;
  close(): void;
}

/** The recipient's address is invalid, or the mail server refuses it: no retry can succeed. */
export class MailRefused extends Error {
  constructor(
    /** The server's reply, or the reason why it was not asked. Contains no address. */
    readonly reply: string,
  ) {
    super(`The mail was refused: ${reply}`);
    this.name = 'MailRefused';
  }
}

/** The mail was not accepted for a reason other than the address: it is sent again later. */
export class MailNotTaken extends Error {
  constructor(
    /** The server's reply, or the error. Contains no address. */
    readonly reply: string,
    /** Whether the server answered with a refusal. */
    readonly answered: boolean,
  ) {
    super(`The mail server did not take the mail: ${reply}`);
    this.name = 'MailNotTaken';
  }
}

const CONNECTIONS = 3;
const MAILS_A_CONNECTION = 100;

/**
 * A pool of connections to one SMTP server.
 * @throws Error when the sender has no address, which the settings exclude
 */
export function createMailer({
  smtpUrl,
  from,
  silenceLimitMs = 20_000,
  mailLimitMs = 60_000,
}: MailerOptions): Mailer {
  const url = withSettings(smtpUrl, {
    pool: true,
    maxConnections: CONNECTIONS,
    maxMessages: MAILS_A_CONNECTION,
    connectionTimeout: silenceLimitMs,
    greetingTimeout: silenceLimitMs,
    socketTimeout: silenceLimitMs,
    dnsTimeout: silenceLimitMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const sender = readSender(from);
  if (!sender) throw new Error('the sender has no e-mail address');
  const open = () => createTransport(url);
  let transport = open();

  return {
    domain: sender.email.slice(sender.email.lastIndexOf('@') + 1),
    sender,
    async send(message) {
      const to = recipientOf(message);
      const address = parseEmailAddress(to?.address ?? '')?.smtp;
      if (to === null || address === undefined)
        throw new MailRefused('there is no valid address to write to');
      const used = transport;
      try {
        const { messageId, response } = await inSpan('smtp send', {}, () =>
          withinLimit(
            used.sendMail({ from, ...message, to: { name: to.name ?? '', address } }),
            mailLimitMs,
          ),
        );
        return { messageId, response };
      } catch (error) {
        if (error instanceof MailTimeLimit && used === transport) {
          // A server that answers very slowly would otherwise keep the pool's connections for ever.
          transport = open();
          used.close();
        }
        throw failureOf(error, address);
      }
    },
    close: () => transport.close(),
  };
}

/** Nodemailer takes all its settings from the URL or none. Settings in the given URL are kept. */
function withSettings(smtpUrl: string, settings: Record<string, number | boolean>): string {
  const url = new URL(smtpUrl);
  for (const [name, value] of Object.entries(settings)) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, String(value));
  }
  return url.href;
}

class MailTimeLimit extends Error {
  constructor(limitMs: number) {
    super(`no answer within ${limitMs} ms`);
    this.name = 'MailTimeLimit';
  }
}

function recipientOf({
  to,
}: SendMailOptions): { name?: string | undefined; address: string } | null {
  if (typeof to === 'string') return { address: to };
  if (to === undefined || Array.isArray(to) || !to.address) return null;
  return { name: to.name, address: to.address };
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/**
 * Converts an error into one that may be reported. It is stored in Temporal's history and in the
 * database, so it contains neither the original message nor its stack, which may quote the address.
 */
function failureOf(error: unknown, address: string): MailRefused | MailNotTaken {
  if (error instanceof MailTimeLimit) return new MailNotTaken(error.message, false);
  const { message, code, command, responseCode, response } =
    error instanceof Error
      ? (error as Error & SmtpError)
      : ({ message: 'unknown fault' } as Error & SmtpError);
  if (response === undefined || responseCode === undefined) {
    return new MailNotTaken(`${code ?? 'no code'}: ${withoutAddresses(message, address)}`, false);
  }
  const said = withoutAddresses(response, address);
  return isAboutTheAddress({ code: responseCode, command: command ?? '', text: response })
    ? new MailRefused(said)
    : new MailNotTaken(`${said} (to ${command ?? 'no command'})`, true);
}

async function withinLimit<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MailTimeLimit(limitMs)), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
