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
  /** Keeps each whole mail unanswered until `letGo`. */
  keepWaiting(): void;
  /** Answers what waits, and each mail from then on. Safe to repeat. */
  letGo(): void;
  /** The whole mails that are unanswered. */
  waiting(): readonly string[];
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
  let keeping = false;
  const waiting = new Map<() => void, string>();
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
      const answer = () => {
        waiting.delete(answer);
        if (say('.')?.startsWith('2')) mails.push(mail);
      };
      if (!keeping) {
        answer();
        return;
      }
      waiting.set(answer, mail);
      // Who asks again, for want of an answer, waits once.
      socket.once('close', () => waiting.delete(answer));
    };
    converse(socket, say, take, recipients);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    recipients,
    connections: () => connections,
    keepWaiting: () => void (keeping = true),
    letGo() {
      keeping = false;
      for (const answer of [...waiting.keys()]) answer();
    },
    waiting: () => [...waiting.values()],
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
