import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings, SettingsError, withSecretsFromFiles } from '../../src/config';
import { isOutside, refuseInProduction } from '../../src/production';
import { readSender } from '../../src/domain/email-address';
import { temporalConfig, temporalEndpoint } from '../../src/temporal/connection';

const message = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
};

describe('A setting', () => {
  it('that is unset or empty has its default', () => {
    expect(readSettings(['PORT', 'HOLD_TTL_SECONDS', 'RATE_LIMIT'], { PORT: '' })).toEqual({
      PORT: 3000,
      HOLD_TTL_SECONDS: 600,
      RATE_LIMIT: 6000,
    });
  });

  it.each(['prefer', 'require', 'verify-ca'])(
    'sslmode=%s means verify-full, as it does to the driver, which then has nothing to warn of',
    (mode) => {
      const urlWith = (parameters: string) => `postgres://u:p@db.example.com/h?${parameters}`;
      const read = (parameters: string) =>
        readSettings(['DATABASE_URL'], { DATABASE_URL: urlWith(parameters) }).DATABASE_URL;
      expect(read(`a=1&sslmode=${mode}&b=2`)).toBe(urlWith('a=1&sslmode=verify-full&b=2'));
      const libpq = `uselibpqcompat=true&sslmode=${mode}`;
      expect(read(libpq)).toBe(urlWith(libpq));
      expect(read('sslmode=no-verify')).toBe(urlWith('sslmode=no-verify'));
    },
  );

  it.each([
    ['NODE_ENV', 'prod'],
    ['NODE_ENV', 'Production'],
    ['PORT', '70000'],
    ['PORT', 'three'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['HOLD_TTL_SECONDS', '0'],
    ['RATE_LIMIT', 'none'],
    ['SMTP_URL', 'mail.example.org'],
    ['MAIL_FROM', 'Holdfast Tickets'],
    ['MAIL_FROM', 'Holdfast <tickets>'],
    ['MAIL_FROM', 'tickets@example..com'],
    ['TEMPORAL_ADDRESS', 'https://temporal.example/'],
    ['STANDARD_WEBHOOK_SECRET', 'whsec_not base64!'],
    ['TICKET_SIGNING_KEY', 'too-short'],
    ['WORKER_ROLES', 'reservations,cooking'],
    ['STRIPE_API_KEY', 'pk_test_public'],
  ] as const)('%s=%s stops the start with one line that names it', (name, value) => {
    const line = message(() => readSettings([name], { [name]: value }));
    expect(line).toContain(name);
    expect(line.split('\n')).toHaveLength(1);
  });

  it('of Temporal is checked where the SDK reads it too', () => {
    const before = process.env.TEMPORAL_ADDRESS;
    process.env.TEMPORAL_ADDRESS = 'nonsense';
    try {
      expect(message(() => temporalConfig())).toBe(
        'Setting TEMPORAL_ADDRESS cannot be used: must be host:port',
      );
    } finally {
      if (before === undefined) delete process.env.TEMPORAL_ADDRESS;
      else process.env.TEMPORAL_ADDRESS = before;
    }
  });

  it.each([
    ['Tickets <tickets@example.com>', 'Tickets', 'tickets@example.com'],
    ['"Tickets, Prague" <Tickets@Example.com>', 'Tickets, Prague', 'Tickets@example.com'],
    ['root@localhost', '', 'root@localhost'],
    ['Divadlo "Archa" <a@b.example>', 'Divadlo "Archa"', 'a@b.example'],
    [String.raw`"The \"Archa\"" <a@b.example>`, 'The "Archa"', 'a@b.example'],
    ['Karten <post@bühne.example>', 'Karten', 'post@xn--bhne-0ra.example'],
  ])('MAIL_FROM may be %s', (text, name, email) => {
    expect(readSettings(['MAIL_FROM'], { MAIL_FROM: text }).MAIL_FROM).toBe(text);
    expect(readSender(text)).toEqual({ name, email });
  });
});

describe('A secret in a file', () => {
  let folder: string;
  const fileWith = (content: string) => {
    const file = join(folder, 'secret');
    writeFileSync(file, content);
    return file;
  };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('counts as the setting, without the white space around it', () => {
    const env = { DATABASE_URL_FILE: fileWith('postgres://u:p@db/holdfast\n') };
    expect(readSettings(['DATABASE_URL'], env)).toEqual({
      DATABASE_URL: 'postgres://u:p@db/holdfast',
    });
  });

  it('is refused beside the setting itself, with one line that names both', () => {
    const env = { STRIPE_API_KEY: 'sk_test_1', STRIPE_API_KEY_FILE: fileWith('sk_test_2') };
    const line = message(() => readSettings(['STRIPE_API_KEY'], env));
    expect(line).toBe(
      'Settings STRIPE_API_KEY and STRIPE_API_KEY_FILE are both given: give one of them',
    );
  });

  it('is refused when it is missing, empty, or no good value', () => {
    const read = (file: string) =>
      message(() => readSettings(['SMTP_URL'], { SMTP_URL_FILE: file }));
    expect(read(join(folder, 'nowhere'))).toMatch(/^Setting SMTP_URL_FILE cannot be used: ENOENT/);
    expect(read(fileWith(' \n'))).toMatch(/^Setting SMTP_URL_FILE cannot be used: .* is empty$/);
    expect(read(fileWith('mail.example.org'))).toMatch(/^Setting SMTP_URL cannot be used/);
  });

  it('is no way to give what is not secret', () => {
    expect(readSettings(['PORT'], { PORT_FILE: fileWith('4000') })).toEqual({ PORT: 3000 });
  });

  it('stands under its own name for the processes that are started with it', () => {
    const env = { PATH: '/bin', SMTP_URL_FILE: fileWith('smtps://u:p@mail.example.org\n') };
    expect(withSecretsFromFiles(env)).toEqual({
      PATH: '/bin',
      SMTP_URL: 'smtps://u:p@mail.example.org',
    });
  });
});

describe('In production a process refuses to start', () => {
  const local = { address: 'temporal:7233', tls: false };
  const sound = { NODE_ENV: 'production', DATABASE_URL: 'postgres://u:p@db.internal/holdfast' };

  it('never without a reason', () => {
    expect(message(() => refuseInProduction(sound, local))).toBe('');
  });

  it.each([
    ['DATABASE_URL', { DATABASE_URL: 'postgres://u:p@db.example.com/holdfast' }],
    ['DATABASE_DIRECT_URL', { DATABASE_DIRECT_URL: 'postgres://u:p@db.example.com/holdfast' }],
    ['SMTP_URL', { SMTP_URL: 'smtp://mail.example.com:587' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://holdfast:holdfast-trial@postgres/holdfast' }],
    ['SHOP_WINDOW', { SHOP_WINDOW: 'on' as const, SHOP_WINDOW_KEY: 'pk_shop' }],
    [
      'PAYMENT_URL',
      {
        SHOP_WINDOW: 'on' as const,
        SHOP_WINDOW_KEY: 'pk_shop',
        PAYMENT_URL: 'http://pay.example.com',
      },
    ],
    ['DEV_MAIL_URL', { DEV_MAIL_URL: 'http://127.0.0.1:1080' }],
    [
      'STRIPE_WEBHOOK_SECRET',
      { STRIPE_WEBHOOK_SECRET: ['whsec_c3RyaXBlLXdlYmhvb2stc2VjcmV0LTAx'] },
    ],
    [
      'STANDARD_WEBHOOK_SECRET',
      { STANDARD_WEBHOOK_SECRET: ['whsec_c3RhbmRhcmQtd2ViaG9vay1zZWNyZXQtMQ=='] },
    ],
    ['RATE_LIMIT', { RATE_LIMIT: 'off' as const }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://u:p@localhost/holdfast?host=203.0.113.5' }],
    ['DATABASE_URL', { DATABASE_URL: 'postgres:///holdfast?host=db.example.com' }],
    [
      'DATABASE_URL',
      { DATABASE_URL: 'postgres://u:p@db.example.com/h?sslmode=verify-full&sslmode=disable' },
    ],
    [
      'DATABASE_URL',
      { DATABASE_URL: 'postgres://u:p@db.example.com/h?uselibpqcompat=true&sslmode=require' },
    ],
    ['DATABASE_URL', { DATABASE_URL: 'postgres://u@postgres/holdfast?password=holdfast-trial' }],
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_WEBHOOK_SECRET: ['password'] }],
    ['STRIPE_WEBHOOK_SECRET', { STRIPE_WEBHOOK_SECRET: ['my-password-is-very-long-and-known'] }],
    ['STANDARD_WEBHOOK_SECRET', { STANDARD_WEBHOOK_SECRET: [`whsec_${'QUFB'.repeat(10)}`] }],
    [
      'STANDARD_WEBHOOK_SECRET',
      { STANDARD_WEBHOOK_SECRET: [Buffer.from('changeme, whoever you are').toString('base64')] },
    ],
  ])('with an unsafe %s', (name, settings) => {
    expect(message(() => refuseInProduction({ ...sound, ...settings }, local))).toContain(name);
    expect(
      message(() => refuseInProduction({ ...sound, ...settings, NODE_ENV: 'development' }, local)),
    ).toBe('');
  });

  it('with Temporal on the outside in clear', () => {
    const away = { address: 'temporal.example.com:7233', tls: false };
    expect(message(() => refuseInProduction(sound, away))).toContain('TEMPORAL_ADDRESS');
    expect(message(() => refuseInProduction(sound, { ...away, tls: true }))).toBe('');
  });

  it('but takes the secrets that providers and docker/make-secrets.sh make', () => {
    for (let run = 0; run < 200; run++) {
      const settings = {
        ...sound,
        RATE_LIMIT: 6000,
        STRIPE_WEBHOOK_SECRET: [`whsec_${randomBytes(32).toString('hex')}`],
        STANDARD_WEBHOOK_SECRET: [`whsec_${randomBytes(24).toString('base64')}`],
      };
      expect(message(() => refuseInProduction(settings, local))).toBe('');
    }
  });

  it('with Chromium as root', () => {
    const user = jest.spyOn(process, 'getuid').mockReturnValue(0);
    const documents = { ...sound, WORKER_ROLES: ['documents'] };
    expect(message(() => refuseInProduction(documents, local))).toContain('WORKER_ROLES');
    const others = { ...sound, WORKER_ROLES: ['reservations', 'mail'] };
    expect(message(() => refuseInProduction(others, local))).toBe('');
    user.mockReturnValue(1000);
    expect(message(() => refuseInProduction(documents, local))).toBe('');
    user.mockRestore();
  });

  it('and a socket on the same machine', () => {
    const settings = { ...sound, DATABASE_URL: 'postgres:///holdfast?host=/var/run/postgresql' };
    expect(message(() => refuseInProduction(settings, local))).toBe('');
  });

  it('but takes TLS to the outside', () => {
    const settings = {
      ...sound,
      DATABASE_URL: 'postgres://u:p@db.example.com/holdfast?sslmode=verify-full',
      SMTP_URL: 'smtps://mail.example.com',
    };
    expect(message(() => refuseInProduction(settings, local))).toBe('');
  });
});

describe('The way to Temporal', () => {
  const before = { ...process.env };
  afterEach(() => {
    process.env = { ...before };
  });

  it.each([
    ['is in clear without credentials', {}, false],
    ['is encrypted with an API key', { TEMPORAL_API_KEY: 'key' }, true],
    [
      'is in clear where TLS is turned off, API key or not',
      { TEMPORAL_API_KEY: 'key', TEMPORAL_TLS: 'false' },
      false,
    ],
    ['is encrypted where TLS is turned on', { TEMPORAL_TLS: 'true' }, true],
    [
      'is encrypted with a client certificate',
      { TEMPORAL_TLS_CLIENT_CERT_DATA: 'c', TEMPORAL_TLS_CLIENT_KEY_DATA: 'k' },
      true,
    ],
  ])('%s', (_, settings, tls) => {
    const address = 'holdfast.a1b2c.tmprl.cloud:7233';
    process.env = { ...before, TEMPORAL_ADDRESS: address, ...settings };
    expect(temporalEndpoint()).toEqual({ address, tls });
  });
});

describe('Outside is', () => {
  it.each(['db.example.com', '8.8.8.8', '[2001:db8::1]', '2606:4700::1111'])('%s', (host) => {
    expect(isOutside(host)).toBe(true);
  });
  it.each([
    'localhost',
    'postgres',
    '127.0.0.1',
    '10.1.2.3',
    '172.20.0.2',
    '192.168.1.9',
    '::1',
    'fd00::1',
    'db.internal',
  ])('not %s', (host) => {
    expect(isOutside(host)).toBe(false);
  });
});
