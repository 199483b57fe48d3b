import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificates } from '../support/certificates';
import { startPostgresTls, type PostgresTls } from '../support/postgres-tls';
import { runProgram } from '../support/run-program';
import { createTestDatabase } from '../support/system';

const MIGRATE = join(__dirname, '../../dist/src/cli/migrate.js');

const certificates = makeCertificates();
if ('reason' in certificates)
  process.stderr.write(`Skipped, what needs TLS: ${certificates.reason}\n`);

describe('Over TLS to a PostgreSQL whose certificate is', () => {
  if ('reason' in certificates) {
    it.skip(certificates.reason, () => undefined);
    return;
  }
  const { authority, server, selfSigned, folder } = certificates;

  let database: URL;
  const fronts: PostgresTls[] = [];
  beforeAll(async () => {
    database = new URL(await createTestDatabase());
    const target = { host: database.hostname, port: Number(database.port) };
    for (const files of [server, selfSigned]) fronts.push(await startPostgresTls(target, files));
  });
  afterAll(() => {
    for (const front of fronts) front.close();
    rmSync(folder, { recursive: true });
  });

  const migrate = (front: number, parameters: string, host = '127.0.0.1') => {
    const url = new URL(database);
    url.host = `${host}:${fronts[front]!.port}`;
    return runProgram(MIGRATE, { DATABASE_URL: `${url.href}?${parameters}` });
  };
  const REFUSED = /^Setting DATABASE_URL or DATABASE_DIRECT_URL cannot be used: /;

  it.each(['verify-full', 'require', 'verify-ca'])(
    'of an authority of our own, sslmode=%s needs sslrootcert, and says nothing else',
    async (mode) => {
      const refused = await migrate(0, `sslmode=${mode}`);
      expect(refused).toMatchObject({ code: 1, said: expect.stringMatching(REFUSED) as string });
      expect(refused.said.trim().split('\n')).toHaveLength(1);
      const fine = await migrate(0, `sslmode=${mode}&sslrootcert=${authority}`);
      expect(fine).toMatchObject({ code: 0, said: expect.not.stringMatching(/warn/i) as string });
    },
  );

  it('self-signed, sslrootcert is the certificate itself', async () => {
    const refused = await migrate(1, 'sslmode=require');
    // Node 24 adds its advice.
    expect(refused.said).toMatch(
      /cannot be used: self-signed certificate(?:; if the root CA is installed locally, try running Node\.js with --use-system-ca)?$/m,
    );
    const fine = await migrate(1, `sslmode=require&sslrootcert=${selfSigned.certificate}`);
    expect(fine.code).toBe(0);
  });

  it('for another name, there is no connection but with no-verify', async () => {
    const refused = await migrate(0, `sslmode=require&sslrootcert=${authority}`, 'localhost');
    expect(refused.said).toMatch(/cannot be used: Hostname\/IP does not match/);
    expect((await migrate(0, 'sslmode=no-verify', 'localhost')).code).toBe(0);
  });
});
