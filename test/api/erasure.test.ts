import { sql } from '../../src/db/database';
import { eraseBuyer } from '../../src/db/erasure';
import { readLockWaits } from '../../src/db/lock-waits';
import { readTicketContent, storeDocument } from '../../src/db/tickets';
import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const erase = (id: string, key = system.info.keys.operator) =>
  api.call('POST', `/v1/reservations/${id}/erase-buyer`, { key });

const TABLES = sql(
  'test_tables',
  `select format('%I.%I', table_schema, table_name) as name from information_schema.tables where table_schema in ('public', 'test_provider') and table_type = 'BASE TABLE'`,
);

/** The tables in which any column of any row contains the text. */
async function tablesThatKnow(text: string): Promise<string[]> {
  const knowing: string[] = [];
  for (const { name } of await system.db.rows<{ name: string }>(TABLES)) {
    const rows = await system.db.rows(
      sql(
        `test_search_${name}`,
        `select 1 from ${name} t where t::text ilike '%' || $1 || '%' limit 1`,
      ),
      [text],
    );
    if (rows.length > 0) knowing.push(name);
  }
  return knowing;
}

describe('A buyer who asks to be forgotten', () => {
  it('is in no table any more, while seat, money and history stay', async () => {
    const event = await api.event();
    const email = 'forget.me@example.org';
    const held = await api.held(event, ['A-1'], { email });
    await api.pay(held);
    await eventually(async () => {
      const pdf = await api.call('GET', `/v1/reservations/${held.id}/tickets.pdf`);
      expect(pdf.status).toBe(200);
    });
    await eventually(async () => {
      const { body } = await api.call<{ data: { type: string }[] }>(
        'GET',
        `/v1/reservations/${held.id}/history`,
      );
      expect(body.data.map((entry) => entry.type)).toContain('tickets.mailed');
    });
    expect(await tablesThatKnow(email)).toEqual(['public.reservations']);

    const answer = await erase(held.id);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      status: 'confirmed',
      buyer: null,
      payment: { status: 'captured' },
    });

    expect(await tablesThatKnow(email)).toEqual([]);
    expect(await tablesThatKnow('Ada Lovelace')).toEqual([]);
    const list = await api.call<{ data: unknown[] }>('GET', `/v1/reservations?email=${email}`, {
      key: system.info.keys.operator,
    });
    expect(list.body.data).toEqual([]);
    const tickets = await api.call<{ data: unknown[] }>(
      'GET',
      `/v1/reservations/${held.id}/tickets`,
    );
    expect(tickets.body.data).toMatchObject([{ seat: 'A-1', status: 'valid', holder: '' }]);
    const { body } = await api.call<{ data: { type: string }[] }>(
      'GET',
      `/v1/reservations/${held.id}/history`,
    );
    expect(body.data.at(-1)?.type).toBe('reservation.erased');
  });

  it('gets no further mail and no further print', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    await api.pay(held);
    await eventually(async () => {
      expect((await api.call('GET', `/v1/reservations/${held.id}/tickets.pdf`)).status).toBe(200);
    });
    await erase(held.id);
    expect((await api.call('POST', `/v1/reservations/${held.id}/resend`)).body).toMatchObject({
      code: 'buyer_erased',
    });
    expect((await api.call('GET', `/v1/reservations/${held.id}/tickets.pdf`)).body).toMatchObject({
      code: 'buyer_erased',
    });
  });

  it('is in no print that was under way at that moment', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    await api.pay(held);
    // Once the mail is sent the reservation's workflow waits for no lock of the two below.
    await eventually(async () => {
      expect((await api.history(held.id)).map(({ type }) => type)).toContain('tickets.mailed');
    });
    const content = (await readTicketContent(system.db, held.id))!;
    const lockDocument = sql(
      'test_lock_document',
      'select from ticket_documents where reservation_id = $1 for update',
    );
    const untilWaiting = (count: number) =>
      eventually(async () => expect((await readLockWaits(system.db)).waiting).toBe(count));
    const both: Promise<unknown>[] = [];
    await system.db.transaction(async (tx) => {
      await tx.rows(lockDocument, [held.id]);
      // Not by the API, which lets no statement wait for longer than five seconds.
      both.push(eraseBuyer(system.db, held.id, 'test'));
      await untilWaiting(1);
      const newer = { ...content, printRevision: content.printRevision + 1 };
      both.push(storeDocument(system.db, newer, { pdf: Buffer.from('Ada'), substituted: [] }));
      await untilWaiting(2);
    });
    await Promise.all(both);
    const documents = sql(
      'test_documents',
      'select 1 from ticket_documents where reservation_id = $1',
    );
    expect(await system.db.rows(documents, [held.id])).toEqual([]);
  });

  it('may still be paid for: the sale stands, and no mail waits for ever', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    await erase(held.id);
    await api.pay(held);
    await api.until(held.id, 'confirmed');
    const owed = sql(
      'test_owed',
      'select 1 from mails where reservation_id = $1 and sent_at is null and refused is null',
    );
    expect(await system.db.rows(owed, [held.id])).toEqual([]);
    const done = sql(
      'test_done',
      'select 1 from reservations where id = $1 and delivered_at is not null',
    );
    expect(await system.db.rows(done, [held.id])).toHaveLength(1);
  });

  it('is erased once, however often it is asked, and by an operator alone', async () => {
    const event = await api.event();
    const held = await api.held(event, ['A-1']);
    expect((await erase(held.id, system.info.keys.client)).status).toBe(403);
    expect((await erase(held.id)).status).toBe(200);
    expect((await erase(held.id)).status).toBe(200);
    const { body } = await api.call<{ data: { type: string }[] }>(
      'GET',
      `/v1/reservations/${held.id}/history`,
    );
    expect(body.data.filter((entry) => entry.type === 'reservation.erased')).toHaveLength(1);
  });
});
