import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

/** What the server says to a command (`greeting`, `EHLO`, `MAIL`, `RCPT`, `DATA`, `.`); null: nothing, ever. */
export type Replies = Partial<Record<string, string | null>>;

export interface SmtpDouble {
  url: string;
  /** Mails taken, as sent. */
  mails: string[];
  /** Arguments of RCPT, as sent. */
  recipients: string[];
  connections(): number;
  /** Keeps each whole mail unanswered until this has happened. */
  keepWaiting(until: Promise<void>): void;
  /** How many whole mails are unanswered. */
  waiting(): number;
  /** Safe to repeat. */
  close(): Promise<void>;
}

const ANSWERS: Replies = {
  greeting: '220 double',
  EHLO: '250 double',
  DATA: '354 go on',
  QUIT: '221 bye',
};

/** An SMTP server that answers as it is told, which real ones do only on bad days. */
export async function startSmtpDouble(replies: Replies = {}): Promise<SmtpDouble> {
  const sockets = new Set<Socket>();
  const mails: string[] = [];
  const recipients: string[] = [];
  let connections = 0;
  let wait: Promise<void> | undefined;
  let waiting = 0;
  const server = createServer((socket) => {
    connections++;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
    const say = (command: string) => {
      const reply = command in replies ? replies[command] : (ANSWERS[command] ?? '250 2.0.0 fine');
      if (reply != null) socket.write(`${reply}\r\n`);
      return reply;
    };
    say('greeting');
    const take = (mail: string): void => {
      waiting++;
      const answer = () => {
        waiting--;
        if (say('.')?.startsWith('2')) mails.push(mail);
      };
      if (wait) void wait.then(answer);
      else answer();
    };
    converse(socket, say, take, recipients);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    recipients,
    connections: () => connections,
    keepWaiting: (until) => void (wait = until),
    waiting: () => waiting,
    async close() {
      if (!server.listening) return;
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function converse(
  socket: Socket,
  say: (command: string) => string | null | undefined,
  take: (mail: string) => void,
  recipients: string[],
): void {
  let buffer = '';
  let inData = false;
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    buffer += chunk;
    for (;;) {
      const ending = inData ? '\r\n.\r\n' : '\r\n';
      const end = buffer.indexOf(ending);
      if (end < 0) return;
      const unit = buffer.slice(0, end);
      buffer = buffer.slice(end + ending.length);
      if (inData) {
        inData = false;
        take(unit);
      } else {
        const command = unit.slice(0, 4).trim().toUpperCase();
        if (command === 'RCPT') recipients.push(unit.slice('RCPT TO:'.length));
        inData = (say(command) ?? '').startsWith('354');
      }
    }
  });
}
