import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * What a proxy does with the bytes: `flow` forwards them; `stall` holds them back; `slow` delays them; `mute` forwards
 * requests and holds answers back; `refuse` closes every new connection at once.
 */
export type ProxyMode = 'flow' | 'stall' | 'slow' | 'mute' | 'refuse';

export interface Proxy {
  port: number;
  set(mode: ProxyMode): void;
  /** Breaks every connection; bytes that were held back are lost. @returns how many connections */
  cut(): number;
  close(): Promise<void>;
}

const SLOW_MS = 150;

interface Pair {
  client: Socket;
  server: Socket;
  /** The bytes that are held back, by direction. */
  held: { toServer: Buffer[]; toClient: Buffer[] };
}

function passes(mode: ProxyMode, direction: keyof Pair['held']): boolean {
  return mode !== 'stall' && !(mode === 'mute' && direction === 'toClient');
}

/** A TCP proxy to a port of this machine that can behave like a bad network. */
export async function startProxy(targetPort: number): Promise<Proxy> {
  const pairs = new Set<Pair>();
  let mode: ProxyMode = 'flow';

  function release(pair: Pair, direction: keyof Pair['held']): void {
    const to = direction === 'toServer' ? pair.server : pair.client;
    for (const chunk of pair.held[direction].splice(0)) to.write(chunk);
  }

  function carry(pair: Pair, direction: keyof Pair['held'], chunk: Buffer): void {
    const waiting = pair.held[direction];
    waiting.push(chunk);
    if (!passes(mode, direction)) return;
    if (mode === 'slow') {
      // Later bytes wait behind earlier ones, so the order stays.
      setTimeout(() => {
        if (passes(mode, direction)) release(pair, direction);
      }, SLOW_MS);
    } else release(pair, direction);
  }

  function end(pair: Pair): void {
    pairs.delete(pair);
    pair.client.destroy();
    pair.server.destroy();
  }

  const server: Server = createServer({ noDelay: true }, (client) => {
    if (mode === 'refuse') {
      client.destroy();
      return;
    }
    const target = connect({ host: '127.0.0.1', port: targetPort, noDelay: true });
    const pair: Pair = { client, server: target, held: { toServer: [], toClient: [] } };
    pairs.add(pair);
    client.on('data', (chunk) => carry(pair, 'toServer', chunk));
    target.on('data', (chunk) => carry(pair, 'toClient', chunk));
    for (const [socket, other] of [
      [client, target],
      [target, client],
    ] as const) {
      socket.on('error', () => end(pair));
      // The other side is closed after the bytes that are still under way.
      socket.on('close', () => {
        pairs.delete(pair);
        other.destroySoon();
      });
    }
  });
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(0, '127.0.0.1', resolve),
  );

  return {
    port: (server.address() as AddressInfo).port,
    set(next) {
      mode = next;
      if (next !== 'flow') return;
      for (const pair of pairs) {
        release(pair, 'toServer');
        release(pair, 'toClient');
      }
    },
    cut() {
      const cut = [...pairs];
      cut.forEach(end);
      return cut.length;
    },
    async close() {
      [...pairs].forEach(end);
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
