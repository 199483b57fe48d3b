import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Files in PEM: an authority, and what it signed for a server and for a client. */
export interface Certificates {
  folder: string;
  authority: string;
  server: { certificate: string; key: string };
  client: { certificate: string; key: string };
  /** Of the same names as the server's, and signed by itself. */
  selfSigned: { certificate: string; key: string };
  /** As the server's, until yesterday. */
  expired: { certificate: string; key: string };
}

/** The name that the server's certificate is for; it is for 127.0.0.1, too. */
export const SERVER_NAME = 'temporal.example.test';

/** Nothing of the system's own configuration counts. */
const CONFIG = `
[req]
distinguished_name = name
prompt = no
[name]
CN = holdfast-test
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[server]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = serverAuth
subjectAltName = DNS:${SERVER_NAME}, IP:127.0.0.1
[client]
basicConstraints = critical, CA:FALSE
extendedKeyUsage = clientAuth
`;

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe', timeout: 120_000 });
}

/**
 * Makes an authority of our own and its certificates, for two days.
 * @returns why not, where there is no fitting OpenSSL
 */
export function makeCertificates(): Certificates | { reason: string } {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-certificates-'));
  const config = join(folder, 'openssl.cnf');
  writeFileSync(config, CONFIG);
  const authority = {
    certificate: join(folder, 'authority.pem'),
    key: join(folder, 'authority.key'),
  };
  const make = (
    extensions: string,
    signer?: typeof authority,
    name = extensions,
  ): typeof authority => {
    const made = { certificate: join(folder, `${name}.pem`), key: join(folder, `${name}.key`) };
    const args = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ];
    args.push(
      '-config',
      config,
      '-extensions',
      extensions,
      '-subj',
      `/CN=holdfast-test-${extensions}`,
    );
    args.push('-keyout', made.key, '-out', made.certificate);
    if (signer) args.push('-CA', signer.certificate, '-CAkey', signer.key);
    openssl(args);
    return made;
  };
  /** `openssl req` signs nothing for the past. */
  const makeExpired = ({ key }: typeof authority): typeof authority => {
    const certificate = join(folder, 'expired.pem');
    const request = join(folder, 'expired.csr');
    openssl(['req', '-new', '-key', key, '-config', config, '-out', request]);
    openssl([
      ...['x509', '-req', '-in', request, '-days', '-1', '-out', certificate],
      ...['-CA', authority.certificate, '-CAkey', authority.key, '-CAcreateserial'],
      ...['-extfile', config, '-extensions', 'server'],
    ]);
    return { certificate, key };
  };
  try {
    make('authority');
    const server = make('server', authority);
    return {
      folder,
      authority: authority.certificate,
      server,
      client: make('client', authority),
      selfSigned: make('server', undefined, 'self-signed'),
      expired: makeExpired(server),
    };
  } catch (error) {
    return {
      reason: `no certificates could be made with OpenSSL 3: ${(error as Error).message.split('\n')[0]}`,
    };
  }
}
