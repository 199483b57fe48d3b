import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const KEYS = join(__dirname, '../../dist/src/cli/keys.js');

let system: TestSystem;
beforeAll(async () => {
  system = await startSystem({ workers: [] });
});
afterAll(() => system.stop());

/** Runs the command as a person does beside `npm run dev`: no setting names the database. */
function keys(
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ code: number; out: string; err: string }> {
  const { home } = system.stack.services;
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [KEYS, ...args],
      { env: { PATH: process.env.PATH, HOLDFAST_HOME: home, ...env }, timeout: 60_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

const statusWith = async (key: string) =>
  (
    await fetch(`${system.info.apiUrl}/v1/reservations/none`, {
      headers: { authorization: `Bearer ${key}` },
    })
  ).status;

describe('npm run keys', () => {
  it('makes, lists and revokes keys of the system that runs', async () => {
    const made = await keys(['create', '--client', 'box-office', '--role', 'client']);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(await statusWith(made.out.trim())).toBe(404);
    const list = await keys(['list']);
    const id =
      /│ (\d+) +│ .*box-office/.exec(list.out)?.[1] ?? /(\d+) .*box-office/.exec(list.out)?.[1];
    expect(id).toBeDefined();
    expect((await keys(['revoke', id!])).out).toContain('Revoked');
    expect((await keys(['revoke', id!])).out).toContain('revoked before');
  });

  it('makes a scanner’s key for one event, which the list names', async () => {
    const api = new ApiClient(system.info);
    const event = await api.event();
    const scanner = ['create', '--client', 'north-door', '--role', 'scanner'];
    const made = await keys([...scanner, '--event', event]);
    expect(made).toMatchObject({ code: 0, err: '' });
    const key = made.out.trim();
    const summary = (of: string) => api.call('GET', `/v1/events/${of}/check-ins/summary`, { key });
    expect((await summary(event)).status).toBe(200);
    expect((await summary(await api.event())).body.code).toBe('key_of_another_event');
    expect((await keys(['list'])).out).toMatch(new RegExp(`north-door.*${event}`));
  });

  it.each([
    ['client', 'an-event', 'Only the key of a scanner can be for one event'],
    ['scanner', 'no-such-event', 'There is no event no-such-event'],
  ])('refuses a key of the role %s for the event %s', async (role, event, message) => {
    const { code, err } = await keys([
      ...['create', '--client', 'door', '--role', role],
      ...['--event', event],
    ]);
    expect([code, err]).toEqual([1, expect.stringContaining(message)]);
  });

  it('goes where the settings say when they name a database', async () => {
    const { code, err } = await keys(['list'], {
      DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none',
    });
    expect(code).toBe(1);
    expect(err).toContain('127.0.0.1:9');
  });

  it.each([[['create', '--client', 'x', '--role', 'king']], [['--list']], [[]]])(
    'prints the usage for %j',
    async (args) => {
      const { code, err } = await keys(args);
      expect(err).toContain('Usage: npm run keys -- create');
      expect(err).not.toContain('    at ');
      expect(code).toBe(1);
    },
  );
});
