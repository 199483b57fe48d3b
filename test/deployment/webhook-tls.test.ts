import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeCertificates, SERVER_NAME } from '../support/certificates';

const SENDER = join(__dirname, '../../dist/src/webhooks/send.js');

const certificates = makeCertificates();
if ('reason' in certificates)
  process.stderr.write(`Skipped, what needs TLS: ${certificates.reason}\n`);

describe('A webhook over TLS to a receiver', () => {
  if ('reason' in certificates) {
    it.skip(certificates.reason, () => undefined);
    return;
  }
  const { authority, server, selfSigned, expired, folder } = certificates;
  const servers: Server[] = [];
  let received = 0;
  afterAll(() => {
    for (const one of servers) one.close();
    rmSync(folder, { recursive: true });
  });

  async function receiver({ certificate, key }: typeof server): Promise<number> {
    const files = { cert: readFileSync(certificate), key: readFileSync(key) };
    const one = createServer(files, (request, response) => {
      received++;
      request.resume();
      response.writeHead(204).end();
    });
    servers.push(one);
    await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
    return (one.address() as AddressInfo).port;
  }

  /** Sends from a process of its own, which trusts the authority: Node reads that at its start. */
  async function send(host: string, port: number): Promise<unknown> {
    const script = `
      const { createSender } = require(${JSON.stringify(SENDER)});
      const send = createSender({ allowPrivate: true, requireTls: true }, async () => ['127.0.0.1']);
      const webhook = { url: 'https://${host}:${port}/hooks', headers: {}, body: '{}' };
      send(webhook, new AbortController().signal).then((sent) => console.log(JSON.stringify(sent)));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: authority },
      timeout: 60_000,
    });
    return JSON.parse(stdout);
  }

  it('that is who it says is delivered', async () => {
    const sent = await send(SERVER_NAME, await receiver(server));
    expect([sent, received]).toEqual([expect.objectContaining({ outcome: 'delivered' }), 1]);
  });

  it.each([
    ['signs for itself', SERVER_NAME, selfSigned, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['has a certificate of yesterday', SERVER_NAME, expired, 'CERT_HAS_EXPIRED'],
    ['has one for another name', 'shop.example.test', server, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ])('that %s is told nothing, and it is said why', async (_, host, files, code) => {
    const before = received;
    expect(await send(host, await receiver(files))).toEqual({
      outcome: 'failed',
      status: null,
      error: `its certificate is not trusted (${code})`,
      retryAfterMs: null,
    });
    expect(received).toBe(before);
  });
});
