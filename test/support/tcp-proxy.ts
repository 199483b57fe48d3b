import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface TcpProxy {
  port: number;
  /** Cuts every connection and refuses new ones. */
  cut(): void;
  /** Takes connections and says nothing, as a host does that hangs. */
  stall(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Stands between a system under test and a service that all tests share, to take it away from this system alone. */
export async function startTcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let mode: 'open' | 'cut' | 'stalled' = 'open';
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
  };
  const server = createServer((near) => {
    keep(near);
    if (mode === 'cut') return void near.destroy();
    const far = connect(target);
    keep(far);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on('data', (chunk) => {
        if (mode === 'open') to.write(chunk);
      });
      from.on('close', () => to.destroy());
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const destroyAll = () => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      mode = 'cut';
      destroyAll();
    },
    stall: () => void (mode = 'stalled'),
    mend() {
      // What was swallowed meanwhile cannot be made good, so those connections end.
      if (mode === 'stalled') destroyAll();
      mode = 'open';
    },
    async close() {
      destroyAll();
      server.close();
      await once(server, 'close');
    },
  };
}
