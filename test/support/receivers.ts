import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A webhook that a receiver got. */
export interface Received {
  id: string;
  headers: Record<string, string>;
  /** As it was sent. */
  text: string;
  body: {
    type: string;
    timestamp: string;
    sequence: number;
    revision: number | null;
    data: Record<string, unknown> & { id: string };
  };
  at: number;
}

type Behave = (received: Received, response: ServerResponse) => void;

export interface Receiver {
  url: string;
  /** All that it got, in order, whatever it answered. */
  received: Received[];
  /** What it answered 2xx to. */
  taken: Received[];
  /** Answers from now on like this. */
  behave(how: Behave | number): void;
  close(): Promise<void>;
}

/** A shop that receives webhooks. */
export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const taken: Received[] = [];
  const sockets = new Set<Socket>();
  const answering =
    (status: number): Behave =>
    (_, response) =>
      void response.writeHead(status).end();
  let behave: Behave = answering(204);
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      const headers = request.headers as Record<string, string>;
      const one = {
        id: headers['webhook-id']!,
        headers,
        text,
        body: JSON.parse(text) as Received['body'],
        at: Date.now(),
      };
      received.push(one);
      response.on('finish', () => {
        if (response.statusCode < 300) taken.push(one);
      });
      behave(one, response);
    });
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    received,
    taken,
    behave(how) {
      behave = typeof how === 'number' ? answering(how) : how;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
