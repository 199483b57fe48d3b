import { createTransport, type SendMailOptions } from 'nodemailer';

export interface MailerOptions {
  /** `smtp://` or `smtps://`, with user and password where needed. */
  smtpUrl: string;
  /** The sender: `Name <address>`. */
  from: string;
  /** How long a server may take to accept a connection or to say anything. Default 20 s. */
  silenceLimitMs?: number;
  /** How long a whole mail may take. Default 60 s. */
  mailLimitMs?: number;
}

export interface Mailer {
  /**
   * Hands a mail to the server.
   * @throws MailRefused when it will never be taken; any other error is worth another try.
   */
  send(message: SendMailOptions): Promise<{ messageId: string; response: string }>;
  close(): void;
}

/** The mail was refused for good: the address is none, or the server said no to the recipient or the mail. */
export class MailRefused extends Error {
  constructor(
    /** What the server said, or why it was not even asked. Has no address in it. */
    readonly reply: string,
  ) {
    super(`The mail was refused: ${reply}`);
    this.name = 'MailRefused';
  }
}

const CONNECTIONS = 3;
const MAILS_A_CONNECTION = 100;
/** Not the grammar of RFC 5321, but nothing in it can break out of an SMTP command or a header. */
const ADDRESS = /^[^\s<>()[\]\\,;:"@\p{Cc}]{1,64}@[^\s<>()[\]\\,;:"@\p{Cc}]{1,255}$/u;

/** A pool of connections to one SMTP server. */
export function createMailer({ smtpUrl, from, silenceLimitMs = 20_000, mailLimitMs = 60_000 }: MailerOptions): Mailer {
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
  const open = () => createTransport(url);
  let transport = open();

  return {
    async send(message) {
      const address = recipientOf(message);
      if (address === null || !ADDRESS.test(address)) throw new MailRefused('there is no valid address to write to');
      const used = transport;
      try {
        const { messageId, response } = await withinLimit(used.sendMail({ from, ...message }), mailLimitMs);
        return { messageId, response };
      } catch (error) {
        if (error instanceof MailTimeLimit && used === transport) {
          // A server that answers drop by drop would keep the pool's connections for ever.
          transport = open();
          used.close();
        }
        throw refusal(error, address) ?? withoutAddress(error, address);
      }
    },
    close: () => transport.close(),
  };
}

/** Nodemailer takes all its settings from the URL or none of them; what the URL already says stays. */
function withSettings(smtpUrl: string, settings: Record<string, number | boolean>): string {
  const url = new URL(smtpUrl);
  for (const [name, value] of Object.entries(settings)) {
    if (!url.searchParams.has(name)) url.searchParams.set(name, String(value));
  }
  return url.href;
}

class MailTimeLimit extends Error {
  constructor(limitMs: number) {
    super(`The mail server did not take the mail within ${limitMs} ms`);
    this.name = 'MailTimeLimit';
  }
}

function recipientOf({ to }: SendMailOptions): string | null {
  if (typeof to === 'string') return to;
  return to !== undefined && !Array.isArray(to) ? to.address : null;
}

interface SmtpError {
  code?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/**
 * A 5xx reply to the recipient or to the mail itself is for good. One to the sender or to the login is our own
 * configuration, which somebody will mend; so are "log in first" (530) and its kin, at whatever command they come.
 */
function refusal(error: unknown, address: string): MailRefused | null {
  if (!(error instanceof Error)) return null;
  const { code, command, responseCode = 0, response } = error as SmtpError;
  if (code !== 'EENVELOPE' && code !== 'EMESSAGE') return null;
  if (command !== 'RCPT TO' && command !== 'DATA') return null;
  if (responseCode < 500 || [530, 534, 535, 538].includes(responseCode)) return null;
  const reply = (response ?? String(responseCode)).replaceAll(address, '…').replace(/[\s\p{Cc}]+/gu, ' ');
  return new MailRefused(reply.slice(0, 200));
}

/**
 * A fault as it may be told on: what the server says may quote the address, and what is thrown here ends in Temporal's
 * history. So neither the original message nor its stack is kept.
 */
function withoutAddress(error: unknown, address: string): Error {
  if (error instanceof MailTimeLimit) return error;
  const { message, code } =
    error instanceof Error ? (error as Error & SmtpError) : { message: 'unknown fault', code: undefined };
  const said = message.replaceAll(new RegExp(address.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'gi'), '…');
  return new Error(`The mail server did not take the mail (${code ?? 'no code'}): ${said.slice(0, 300)}`);
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
