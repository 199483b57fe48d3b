import { sql } from '../../src/db/database';
import { readMoment } from '../../src/db/verify';
import { ApiClient, eventually, refusal, type Page } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

interface Entry {
  id: string;
  kind: string;
  subject: string;
  attempts: number;
  nextTryAt: string | null;
  lastError: string | null;
  givenUpAt: string | null;
}

/** Longer than Temporal lets an id be: it refuses the entry for good. */
const REFUSED = 'x'.repeat(1001);
const run = (text: string, values: unknown[] = []) => system.db.run(sql('', text), values);
async function addEntry(subject: string): Promise<string> {
  const [row] = await system.db.rows<{ id: number }>(
    sql('', `insert into outbox (kind, subject) values ('mail', $1) returning id`),
    [subject],
  );
  return String(row!.id);
}
const operator = () => ({ key: system.info.keys.operator });
async function listed(query: string): Promise<Entry[]> {
  const { status, body } = await api.call<Page<Entry>>(
    'GET',
    `/v1/outbox?limit=200&${query}`,
    operator(),
  );
  expect(status).toBe(200);
  return body.data;
}
const find = async (id: string, query = '') => (await listed(query)).find((one) => one.id === id);
const retry = (id: string) => api.call<Entry>('POST', `/v1/outbox/${id}/retry`, operator());

describe('An entry that Temporal refuses', () => {
  it('is tried for an hour, then kept and shown until an operator has it tried again', async () => {
    const id = await addEntry(REFUSED);
    await eventually(async () => {
      expect((await find(id, 'givenUp=false'))!.lastError).toMatch(/length exceeds limit/i);
    });
    expect((await find(id))!.givenUpAt).toBeNull();
    expect(await find(id, 'givenUp=true')).toBeUndefined();

    await run(
      `update outbox set refused_since = now() - interval '61 minutes', not_before = now() where id = $1`,
      [id],
    );
    await eventually(async () => {
      expect(await find(id, 'givenUp=true')).toMatchObject({ kind: 'mail', nextTryAt: null });
    });
    const { attempts } = (await find(id, 'givenUp=true'))!;
    const { results } = await readMoment(system.db);
    const note = results.find(({ name }) => name === 'an entry of the outbox was given up')!;
    expect([note.kind, note.findings.map((finding) => finding.id)]).toEqual(['note', [id]]);
    await eventually(async () => {
      const { body: text } = await api.call<string>('GET', '/metrics', operator());
      expect(text).toContain('holdfast_outbox_given_up{scope="database"} 1');
      expect(text).toContain('holdfast_outbox_entries{scope="database"} 0');
    });
    expect((await find(id))!.attempts).toBe(attempts);

    expect((await retry(id)).body).toMatchObject({ id, attempts: 0, givenUpAt: null });
    await eventually(async () => {
      expect((await find(id, 'givenUp=false'))!.attempts).toBeGreaterThan(0);
    });
    // Put right, it is taken.
    await run(`update outbox set subject = '999999999' where id = $1`, [id]);
    await retry(id);
    await eventually(async () => expect(await find(id)).toBeUndefined());
    expect(refusal(await retry(id))).toEqual([404, 'not_found']);
  });

  it('keeps nobody waiting, however many there are', async () => {
    await run(
      `insert into outbox (kind, subject) select 'mail', $1 || n from generate_series(1, 200) n`,
      [REFUSED],
    );
    const event = await api.event();
    for (const seat of ['A-1', 'A-2', 'A-3']) {
      const sold = await api.confirm(await api.held(event, [seat]));
      expect([sold.status, sold.body.status]).toEqual([200, 'confirmed']);
    }
    await run(`delete from outbox where kind = 'mail'`);
  });
});

describe('The outbox', () => {
  it('is paged, for operators alone', async () => {
    await run(
      `insert into outbox (kind, subject, not_before) select 'mail', 'later-' || n, now() + interval '1 hour' from generate_series(1, 5) n`,
    );
    const subjects: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/v1/outbox?givenUp=false&limit=2${cursor && `&cursor=${cursor}`}`;
      const { body } = await api.call<Page<Entry>>('GET', path, operator());
      subjects.push(...body.data.map(({ subject }) => subject));
      cursor = body.nextCursor;
    }
    expect(subjects).toEqual([5, 4, 3, 2, 1].map((n) => `later-${n}`));
    expect(refusal(await api.call('GET', '/v1/outbox'))).toEqual([403, 'forbidden']);
    expect(refusal(await api.call('POST', '/v1/outbox/1/retry'))).toEqual([403, 'forbidden']);
    for (const id of ['x', '0', '9'.repeat(18), '%00'])
      expect(refusal(await retry(id))).toEqual([404, 'not_found']);
  });
});
