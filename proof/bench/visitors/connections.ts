import { connect, type Socket } from 'node:net';
import { AnswerReader, type Answered } from './answers';
import type { VisitorsPlan, VisitorsReport } from './plan';

/** The connections of all visitors, and what has come over them. */
export class Connections {
  private readonly open = new Set<Socket>();
  private readonly counted: VisitorsReport = { ms: [], statuses: {}, open: 0, closed: 0, bytes: 0 };
  private readonly host: string;
  private readonly port: number;
  private isOver = false;

  constructor(private readonly plan: VisitorsPlan) {
    const { hostname, port } = new URL(plan.url);
    this.host = hostname;
    this.port = Number(port);
  }

  /** The bytes of a GET request for the path of the plan. */
  request(headers: Readonly<Record<string, string>> = {}): string {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `GET ${this.plan.path} HTTP/1.1\r\nHost: ${this.host}:${this.port}\r\n${lines.join('')}\r\n`;
  }

  /** @param onClosed the server has closed it; absent: that must not happen */
  connect(onClosed: () => void): Promise<Socket> {
    const { localAddress } = this.plan;
    const socket = connect({
      host: this.host,
      port: this.port,
      noDelay: true,
      ...(localAddress && { localAddress }),
    });
    return new Promise((resolve, reject) => {
      socket.once('connect', () => {
        this.open.add(socket);
        resolve(socket);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        if (!this.open.delete(socket) || this.isOver) return;
        this.counted.closed++;
        onClosed();
      });
    });
  }

  /** Reads what comes; `onAnswer` gets each answer. */
  read(socket: Socket, onAnswer: (answer: Answered) => void): void {
    const reader = new AnswerReader();
    socket.on('data', (chunk: Buffer) => {
      const answer = reader.take(chunk);
      if (answer) this.count(answer);
      if (answer) onAnswer(answer);
    });
  }

  count({ status, bytes }: Pick<Answered, 'status' | 'bytes'>): void {
    this.counted.statuses[status] = (this.counted.statuses[status] ?? 0) + 1;
    this.counted.bytes += bytes;
  }

  measured(ms: number): void {
    this.counted.ms.push(ms);
  }

  /** Sends everybody away. */
  end(): VisitorsReport {
    this.isOver = true;
    this.counted.open = this.open.size;
    for (const socket of this.open) socket.destroy();
    return this.counted;
  }
}
