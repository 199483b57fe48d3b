import { createPublicKey, randomUUID } from 'node:crypto';
import { sql } from '../../src/db/database';
import { sweep } from '../../src/db/sweep';
import { verifyTicketCode } from '../../src/domain/ticket-code';
import { ApiClient, eventually, refusal, type CallOptions } from '../support/api';
import { mailsTo } from '../support/mail-catcher';
import { readPdf } from '../support/pdf-reader';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ apiEnv: { RATE_LIMIT: '1000000' } });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const pdfOf = async (id: string) => {
  const headers = { authorization: `Bearer ${system.info.keys.client}` };
  const response = await fetch(`${system.info.apiUrl}/v1/reservations/${id}/tickets.pdf`, {
    headers,
  });
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    bytes: Buffer.from(await response.arrayBuffer()),
  };
};
const mailsAtLeast = (address: string, count: number) =>
  eventually(async () => {
    const mails = await mailsTo(address);
    expect(mails.length).toBeGreaterThanOrEqual(count);
    return mails;
  });

describe('Tickets', () => {
  it('are one for each seat, valid, in the buyer’s name, with a code of their own', async () => {
    const event = await api.event();
    const place = (await api.seats(event)).find((seat) => seat.category === 'floor')!.label;
    const sold = await api.sold(event, ['A-1', 'A-2', place]);
    const tickets = await api.tickets(sold.id);
    expect(tickets.map(({ code: _, ...ticket }) => ticket)).toEqual(
      ['A-1', 'A-2', place].map((seat) => ({
        event,
        seat,
        priceType: 'standard',
        holder: 'Ada Lovelace',
        status: 'valid',
        revision: 1,
      })),
    );
    expect(new Set(tickets.map(({ code }) => code)).size).toBe(3);
  });

  it('are one PDF with a page each, whose QR code is the ticket’s code', async () => {
    const sold = await api.sold(await api.event(), ['A-1', 'A-2']);
    const tickets = await api.tickets(sold.id);
    const { status, type, bytes } = await pdfOf(sold.id);
    expect([status, type]).toEqual([200, 'application/pdf']);
    const { pages } = await readPdf(bytes);
    expect(pages.map(({ qr }) => qr)).toEqual(tickets.map(({ code }) => code));
    for (const { text } of pages) expect(text).toContain('Ada Lovelace');
  });

  it('are in the history once they are printed, with the names of the texts that no font has', async () => {
    const ready = async (id: string) =>
      (await api.history(id))
        .filter(({ type }) => type === 'tickets.ready')
        .map(({ data }) => data);
    const plain = await api.sold(await api.event(), ['A-1']);
    const event = await api.event({ name: '\u{12000}', venue: 'ꦗꦮ' });
    const buyer = { name: 'Ada \u{12000}', email: 'ada@example.org' };
    const odd = await api.sold(event, ['A-1'], { body: { event, seats: ['A-1'], buyer } });
    await api.tickets(plain.id);
    await api.tickets(odd.id);
    expect(await ready(plain.id)).toEqual([{}]);
    expect(await ready(odd.id)).toEqual([{ substituted: ['event', 'venue', 'holder'] }]);
  });

  /** What each of the three calls says for which tickets are needed. */
  const refusalsOf = async (id: string) => {
    const calls = [
      ['GET', 'tickets'],
      ['GET', 'tickets.pdf'],
      ['POST', 'resend'],
    ] as const;
    const answers = await Promise.all(
      calls.map(([method, what]) => api.call(method, `/v1/reservations/${id}/${what}`)),
    );
    return answers.map(refusal);
  };
  const threeTimes = (code: string) => Array.from({ length: 3 }, () => [409, code]);

  it('are none for a hold, which is not confirmed', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    expect(await refusalsOf(held.id)).toEqual(threeTimes('reservation_not_confirmed'));
  });

  it('are never there for an expired or cancelled hold, which is said as such', async () => {
    const expired = await api.held(await api.event({ holdTtlSeconds: 1 }), ['A-1']);
    const cancelled = await api.held(await api.event(), ['A-1']);
    await api.cancel(cancelled.id);
    await api.until(expired.id, 'expired');
    expect(await refusalsOf(expired.id)).toEqual(threeTimes('reservation_expired'));
    expect(await refusalsOf(cancelled.id)).toEqual(threeTimes('reservation_cancelled'));
  });

  it('are on their way, and worth to wait for, only between confirmation and print', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    const print = sql('test_print', 'select pdf from ticket_documents where reservation_id = $1');
    const [document] = await system.db.rows<{ pdf: Buffer }>(print, [sold.id]);
    const unprint = sql('test_unprint', 'delete from ticket_documents where reservation_id = $1');
    await system.db.run(unprint, [sold.id]);
    for (const [method, what] of [
      ['GET', 'tickets'],
      ['GET', 'tickets.pdf'],
      ['POST', 'resend'],
    ] as const) {
      const answer = await api.call(method, `/v1/reservations/${sold.id}/${what}`);
      expect([what, ...refusal(answer)]).toEqual([what, 409, 'tickets_not_ready']);
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    }
    const again = sql('test_reprint', 'insert into ticket_documents values ($1, $2)');
    await system.db.run(again, [sold.id, document!.pdf]);
    expect((await pdfOf(sold.id)).status).toBe(200);
  });

  it('of an event that has moved are printed anew when they are asked for, with the same codes', async () => {
    const event = await api.event({ venue: 'Old House' });
    const sold = await api.sold(event, ['A-1']);
    const [ticket] = await api.tickets(sold.id);
    expect((await readPdf((await pdfOf(sold.id)).bytes)).pages[0]!.text).toContain('Old House');
    const url = `/v1/events/${event}`;
    const key = system.info.keys.operator;
    const { headers } = await api.call('GET', url, { key });
    const body = { venue: 'New House', notify: false };
    const edit = { key, body, headers: { 'if-match': headers.get('etag')! } };
    expect((await api.call('PATCH', url, edit)).status).toBe(200);
    // Every one of those who ask at once gets it, printed once.
    const prints = await Promise.all([pdfOf(sold.id), pdfOf(sold.id)]);
    for (const { status, bytes } of prints) {
      const { pages } = await readPdf(bytes);
      expect([status, pages[0]!.qr]).toEqual([200, ticket!.code]);
      expect(pages[0]!.text).toContain('New House');
    }
    const types = (await api.history(sold.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'tickets.ready')).toHaveLength(1);
  });

  it('are removed after their time, and printed again when they are asked for', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const [ticket] = await api.tickets(sold.id);
    await mailsAtLeast(sold.buyer!.email, 1);
    const makeOld = sql(
      'test_old_print',
      `update ticket_documents set created_at = now() - interval '31 days' where reservation_id = $1`,
    );
    await system.db.run(makeOld, [sold.id]);
    const sweepAll = () =>
      sweep(system.db, {
        budgetMs: 60_000,
        documentDays: 30,
        onFault: (_what, error) => {
          throw error;
        },
      });
    const kept = sql<{ kept: boolean }>(
      'test_kept_print',
      'select pdf is not null as kept from ticket_documents where reservation_id = $1',
    );
    // A mail that is still to be sent has it.
    const owe = sql(
      'test_owe_mail',
      `insert into mails (reservation_id, kind, sequence, message_id, refused) values ($1, 'tickets', 9, '<nine@holdfast.invalid>', $2)
       on conflict (message_id) do update set refused = excluded.refused`,
    );
    await system.db.run(owe, [sold.id, null]);
    await sweepAll();
    expect(await system.db.rows(kept, [sold.id])).toEqual([{ kept: true }]);
    await system.db.run(owe, [sold.id, 'for this test']);
    await eventually(async () => {
      await sweepAll();
      expect(await system.db.rows(kept, [sold.id])).toEqual([{ kept: false }]);
    });
    expect((await api.tickets(sold.id)).map(({ code }) => code)).toEqual([ticket!.code]);
    const { status, bytes } = await pdfOf(sold.id);
    expect([status, (await readPdf(bytes)).pages[0]!.qr]).toEqual([200, ticket!.code]);
    expect(await system.db.rows(kept, [sold.id])).toEqual([{ kept: true }]);
  });

  it('that have waited for days are asked for less and less often', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    await mailsAtLeast(sold.buyer!.email, 1);
    const nudged = sql(
      'test_nudged',
      `update reservations set delivered_at = null, confirmed_at = now() - interval '10 days', nudged_at = now() - $2::interval where id = $1`,
    );
    const isRung = sql<{ rung: boolean }>(
      'test_is_rung',
      `select nudged_at > now() - interval '1 minute' as rung from reservations where id = $1`,
    );
    const sweepOnce = () =>
      sweep(system.db, {
        budgetMs: 60_000,
        onFault: (_what, error) => {
          throw error;
        },
      });
    await system.db.run(nudged, [sold.id, '1 hour']);
    await sweepOnce();
    expect(await system.db.rows(isRung, [sold.id])).toEqual([{ rung: false }]);
    await system.db.run(nudged, [sold.id, '21 hours']);
    await eventually(async () => {
      await sweepOnce();
      expect(await system.db.rows(isRung, [sold.id])).toEqual([{ rung: true }]);
    });
  });

  it('are void after a cancel, and cannot be had as a PDF or by mail any more', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    await api.cancel(sold.id);
    await api.until(sold.id, 'cancelled');
    expect((await api.tickets(sold.id)).map(({ status }) => status)).toEqual(['void']);
    expect((await refusalsOf(sold.id)).slice(1)).toEqual(
      threeTimes('reservation_cancelled').slice(1),
    );
  });

  it('are void from the moment at which a cancel is accepted, though nobody has come to carry it out', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const [ticket] = await api.tickets(sold.id);
    expect((await api.get(sold.id)).body.cancelRequestedAt).toBeNull();
    await eventually(() => system.temporal.workflow.getHandle(sold.id).result());
    const worker = system.stack.part('worker-1')!;
    await worker.stop();
    try {
      const accepted = await api.cancel(sold.id, { once: true });
      expect([accepted.status, accepted.body.status]).toEqual([202, 'confirmed']);
      expect(accepted.body.cancelRequestedAt).toMatch(/^\d{4}-/);
      expect((await api.get(sold.id)).body.cancelRequestedAt).toBe(accepted.body.cancelRequestedAt);
      expect((await api.tickets(sold.id)).map(({ status }) => status)).toEqual(['void']);
      expect((await refusalsOf(sold.id)).slice(1)).toEqual(
        threeTimes('reservation_cancelled').slice(1),
      );
      const scan = { code: ticket!.code, event: sold.event };
      const atTheDoor = await api.call('POST', '/v1/check-ins', {
        key: system.info.keys.scanner,
        body: scan,
      });
      expect(refusal(atTheDoor)).toEqual([409, 'ticket_void']);
    } finally {
      await worker.start();
    }
    await api.until(sold.id, 'cancelled');
  });

  it('carry a code that a scanner can check by itself, with the public key', async () => {
    const sold = await api.sold(await api.event(), ['B-7']);
    const [ticket] = await api.tickets(sold.id);
    const { body } = await api.call<{ publicKeyPem: string }>('GET', '/v1/ticket-key', {
      key: null,
    });
    expect(verifyTicketCode(createPublicKey(body.publicKeyPem), ticket!.code)?.seat).toBe('B-7');
  });
});

describe('The mail with the tickets', () => {
  it('comes once, to the buyer, with the PDF', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const [mail] = await mailsAtLeast(sold.buyer!.email, 1);
    expect(mail!.subject).toContain('Hamlet');
    const pdf = mail!.attachments.find(({ contentType }) => contentType === 'application/pdf');
    const [ticket] = await api.tickets(sold.id);
    expect((await readPdf(pdf!.content)).pages.map(({ qr }) => qr)).toEqual([ticket!.code]);
    await eventually(async () => {
      expect(
        (await api.history(sold.id)).filter(({ type }) => type === 'tickets.mailed').length,
      ).toBe(1);
    });
    expect(await mailsTo(sold.buyer!.email)).toHaveLength(1);
  });

  it('comes again when asked for, as often as asked', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const { email } = sold.buyer!;
    await mailsAtLeast(email, 1);
    const answer = await api.call('POST', `/v1/reservations/${sold.id}/resend`);
    expect([answer.status, answer.headers.get('location')]).toEqual([
      202,
      `/v1/reservations/${sold.id}`,
    ]);
    expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    await mailsAtLeast(email, 2);
    expect((await api.call('POST', `/v1/reservations/${sold.id}/resend`)).status).toBe(202);
    const mails = await mailsAtLeast(email, 3);
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(3);
    for (const { messageId } of mails)
      expect(messageId).toMatch(/^<tickets\.[0-9a-f]{32}\.\d@holdfast\.example>$/);
    for (const { attachments } of mails)
      expect(attachments.map(({ contentType }) => contentType)).toContain('application/pdf');
  });
});

describe('Mails that are asked for again', () => {
  it('are limited for one mailbox at one client, whichever reservation they are of', async () => {
    const event = await api.event();
    const email = `flooded-${event}@example.org`;
    const first = await api.sold(event, ['A-1'], { email });
    const second = await api.sold(event, ['A-2'], { email: email.replace('@', '+2@') });
    const resend = (id: string) => api.call('POST', `/v1/reservations/${id}/resend`);
    for (const { id } of [first, second])
      await eventually(async () => {
        expect((await api.history(id)).map(({ type }) => type)).toContain('tickets.mailed');
      });
    // Twenty an hour; the two that came by themselves count.
    for (let mail = 2; mail < 20; mail++)
      expect((await resend(mail % 2 ? first.id : second.id)).status).toBe(202);
    // Until the first of the twenty is an hour old: the time to wait is that, and not the whole hour again.
    await system.db.pool.query(
      `update mails set requested_at = requested_at - interval '50 minutes' where reservation_id = $1 and sequence = 0`,
      [first.id],
    );
    for (const { id } of [first, second]) {
      const refused = await resend(id);
      expect(refusal(refused)).toEqual([429, 'rate_limited']);
      const seconds = Number(refused.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThanOrEqual(600);
    }
    await system.db.pool.query(
      `update mails set requested_at = requested_at - interval '10 minutes' where reservation_id = $1 and sequence = 0`,
      [first.id],
    );
    expect((await resend(second.id)).status).toBe(202);
    expect(refusal(await resend(first.id))).toEqual([429, 'rate_limited']);
  });
});

describe('A resend under an Idempotency-Key', () => {
  const resend = (id: string, key: string, options: CallOptions = {}) =>
    api.call('POST', `/v1/reservations/${id}/resend`, {
      ...options,
      headers: { 'idempotency-key': key },
    });
  const resends = async (id: string) =>
    (await api.history(id)).filter(({ type }) => type === 'tickets.resend_requested').length;
  const printed = async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    await api.tickets(sold.id);
    return sold;
  };

  it('is one mail, however often it is asked, also by many at once', async () => {
    const { id, buyer } = await printed();
    await mailsAtLeast(buyer!.email, 1);
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 5 }, () => resend(id, key)));
    answers.push(await resend(id, `"${key}"`), await resend(id, key, { body: {} }));
    expect(answers.map(({ status }) => status)).toEqual(Array(7).fill(202));
    expect(answers.map(({ body }) => body.id)).toEqual(Array(7).fill(id));
    const replayed = answers.map(({ headers }) => headers.get('idempotency-replayed'));
    expect(replayed.filter((value) => value === null)).toHaveLength(1);
    expect(replayed.filter((value) => value === 'true')).toHaveLength(6);
    await mailsAtLeast(buyer!.email, 2);
    expect(await resends(id)).toBe(1);
    expect((await resend(id, randomUUID())).headers.get('idempotency-replayed')).toBeNull();
    expect(await resends(id)).toBe(2);
  });

  it('is answered again after a cancel, with the reservation as it then stands', async () => {
    const { id } = await printed();
    const key = randomUUID();
    expect((await resend(id, key)).status).toBe(202);
    await api.cancel(id);
    await api.until(id, 'cancelled');
    const again = await resend(id, key);
    expect([again.status, again.body.status]).toEqual([202, 'cancelled']);
  });

  it('with another body is another request', async () => {
    const { id } = await printed();
    const key = randomUUID();
    const body = { to: 'eve@example.org' };
    expect(refusal(await resend(id, key, { body }))).toEqual([422, 'validation_failed']);
    expect((await resend(id, key)).status).toBe(202);
    expect(refusal(await resend(id, key, { body }))).toEqual([422, 'idempotency_key_reused']);
  });

  it('needs a key of the usual form, if any, and refused it does not use the key up', async () => {
    const held = await api.held(await api.event(), ['A-1']);
    expect(refusal(await resend(held.id, 'short'))).toEqual([400, 'idempotency_key_invalid']);
    const key = randomUUID();
    expect((await resend(held.id, key)).status).toBe(409);
    await api.confirm(held);
    await api.tickets(held.id);
    expect((await resend(held.id, key)).headers.get('idempotency-replayed')).toBeNull();
  });

  it('may have a reservation’s id as its key, and that of a resend of another reservation', async () => {
    const [one, other] = [await printed(), await printed()];
    for (const { id } of [one, other]) {
      const answer = await resend(id, one.id);
      expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([202, null]);
    }
  });
});
