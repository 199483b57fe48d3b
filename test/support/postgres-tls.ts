import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** Stands before a PostgreSQL without TLS and speaks TLS for it. */
export interface PostgresTls {
  port: number;
  close(): void;
}

/** @param certificate files in PEM */
export async function startPostgresTls(
  target: { host: string; port: number },
  { certificate, key }: { certificate: string; key: string },
): Promise<PostgresTls> {
  const secureContext = createSecureContext({
    cert: readFileSync(certificate),
    key: readFileSync(key),
  });
  const sockets = new Set<Socket>();
  const keep = <Kind extends Socket>(socket: Kind): Kind => {
    sockets.add(socket.on('error', () => undefined));
    return socket;
  };
  const server = createServer((near) => {
    // The driver asks whether there is TLS, in eight bytes, and waits for the answer: S for yes.
    keep(near).once('data', () => {
      near.write('S');
      const clear = keep(new TLSSocket(near, { isServer: true, secureContext }));
      const far = keep(connect(target));
      clear.pipe(far).pipe(clear);
      near.once('close', () => far.destroy());
      far.once('close', () => near.destroy());
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
