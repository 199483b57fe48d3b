import { randomUUID } from 'node:crypto';
import {
  ApiClient,
  eventually,
  refusal,
  type Note,
  type Page,
  type Reservation,
} from '../support/api';
import { chargesOf, refundsOf } from '../support/ledger';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const operator = () => ({ key: system.info.keys.operator });
const held = async (seats = ['A-1']) => api.held(await api.event(), seats);
const notesOf = async (reference: string, open?: boolean) =>
  (await api.notes(open)).filter((note) => note.reference === reference);
const told = ({ id, total }: Reservation) => ({ reservation: id, ...total });
const intentOf = ({ id, total }: Reservation, reference: string) => ({
  id: reference,
  amount: total.amount,
  amount_received: total.amount,
  currency: 'eur',
  metadata: { reservation_id: id },
});

describe('A reference that a client claimed', () => {
  it("does not keep the payer's own reservation from being confirmed when the provider proves it", async () => {
    const reference = `pi_${randomUUID()}`;
    const [stranger, payer] = [await held(), await held(['A-1', 'A-2'])];
    expect((await api.confirm(stranger, reference)).status).toBeLessThan(300);
    await api.until(stranger.id, 'confirmed');
    expect((await api.stripe('payment_intent.succeeded', intentOf(payer, reference))).status).toBe(
      200,
    );
    expect((await api.until(payer.id, 'confirmed')).payment).toMatchObject({
      reference,
      ...payer.total,
    });
    expect((await api.get(stranger.id)).body.status).toBe('confirmed');
    expect(await notesOf(reference)).toMatchObject([
      {
        kind: 'claim_contradicted',
        reservation: stranger.id,
        data: { claimed: told(stranger), proven: told(payer) },
      },
    ]);
    expect(await chargesOf(system.db, reference)).toEqual([{ reference, ...payer.total }]);
  });

  it('gives back nothing of what the provider proved for another reservation, also when it is cancelled', async () => {
    const reference = `pi_${randomUUID()}`;
    const [stranger, payer] = [await held(), await held()];
    await api.confirm(stranger, reference);
    await api.until(stranger.id, 'confirmed');
    await api.pay(payer, reference);
    await api.until(payer.id, 'confirmed');
    await api.cancel(stranger.id);
    await api.until(stranger.id, 'cancelled');
    expect(await api.payments(stranger.id)).toMatchObject([
      { status: 'refunding', refundError: 'not_through_a_provider' },
    ]);
    await api.cancel(payer.id);
    await eventually(async () =>
      expect(await api.payments(payer.id)).toMatchObject([{ status: 'refunded' }]),
    );
    expect(await refundsOf(system.db, reference)).toEqual([{ reference, ...payer.total }]);
    expect(await api.payments(stranger.id)).toMatchObject([{ status: 'refunding' }]);
  });

  it('and was given back before the proof for another came leaves that other payment whole', async () => {
    const reference = `pi_${randomUUID()}`;
    const [stranger, payer] = [await held(), await held()];
    await api.confirm(stranger, reference);
    await api.until(stranger.id, 'confirmed');
    await api.cancel(stranger.id);
    await eventually(async () =>
      expect(await api.payments(stranger.id)).toMatchObject([{ status: 'refunded' }]),
    );
    await api.pay(payer, reference);
    await api.until(payer.id, 'confirmed');
    expect(await refundsOf(system.db, reference)).toEqual([]);
    await api.cancel(payer.id);
    await eventually(async () =>
      expect(await api.payments(payer.id)).toMatchObject([{ status: 'refunded' }]),
    );
    expect(await refundsOf(system.db, reference)).toEqual([{ reference, ...payer.total }]);
  });

  it('cannot be claimed for a second reservation, and leaves no trace there', async () => {
    const reference = `pay-${randomUUID()}`;
    const [first, second] = [await held(), await held()];
    await api.confirm(first, reference);
    expect(refusal(await api.confirm(second, reference))).toEqual([422, 'payment_mismatch']);
    expect((await api.get(second.id)).body).toEqual(second);
    expect(await api.payments(second.id)).toEqual([]);
  });

  it('is one payment with the proof for the same reservation', async () => {
    const reference = `pi_${randomUUID()}`;
    const mine = await held();
    await api.confirm(mine, reference);
    expect((await api.stripe('payment_intent.succeeded', intentOf(mine, reference))).status).toBe(
      200,
    );
    await api.until(mine.id, 'confirmed');
    expect(await api.payments(mine.id)).toMatchObject([
      { reference, status: 'captured', provenBy: 'stripe' },
    ]);
    expect(await notesOf(reference)).toEqual([]);
  });

  it('and is proven with another amount after it confirmed is a note', async () => {
    const reference = `pi_${randomUUID()}`;
    const mine = await held();
    await api.confirm(mine, reference);
    await api.until(mine.id, 'confirmed');
    await api.stripe('payment_intent.succeeded', {
      ...intentOf(mine, reference),
      amount_received: 100,
    });
    expect((await api.get(mine.id)).body.status).toBe('confirmed');
    expect(await notesOf(reference)).toMatchObject([
      {
        kind: 'claim_contradicted',
        data: { claimed: told(mine), proven: { ...told(mine), amount: 100 } },
      },
    ]);
  });

  it('confirmed again with another amount is a mismatch', async () => {
    const reference = `pay-${randomUUID()}`;
    const mine = await held();
    await api.confirm(mine, reference);
    await api.until(mine.id, 'confirmed');
    const other = { ...mine, total: { ...mine.total, amount: 1 } };
    expect(refusal(await api.confirm(other, reference))).toEqual([422, 'payment_mismatch']);
    expect((await api.confirm(mine, reference)).status).toBe(200);
  });
});

describe('A reference that a provider proved', () => {
  it('cannot be claimed for another reservation', async () => {
    const reference = `pi_${randomUUID()}`;
    const [payer, stranger] = [await held(), await held()];
    await api.pay(payer, reference);
    await api.until(payer.id, 'confirmed');
    expect(refusal(await api.confirm(stranger, reference))).toEqual([422, 'payment_mismatch']);
    expect((await api.get(stranger.id)).body).toEqual(stranger);
    expect(await notesOf(reference)).toEqual([]);
  });

  it('for a second reservation is answered 200 and a note, once', async () => {
    const reference = `pay-${randomUUID()}`;
    const [first, second] = [await held(), await held()];
    await api.pay(first, reference);
    await api.until(first.id, 'confirmed');
    for (let time = 0; time < 2; time++)
      expect((await api.pay(second, reference)).status).toBe(200);
    expect((await api.get(second.id)).body.status).toBe('held');
    const [note, ...more] = await notesOf(reference, true);
    expect(note).toMatchObject({
      kind: 'reference_conflict',
      reservation: second.id,
      data: { told: told(second), known: told(first), by: 'standard' },
      closedAt: null,
    });
    expect(more).toEqual([]);

    const closed = await api.call<Note>('POST', `/v1/notes/${note!.id}/close`, operator());
    expect(closed.body).toMatchObject({
      id: note!.id,
      closedBy: expect.stringMatching(/^operator:/) as string,
    });
    expect(await notesOf(reference, true)).toEqual([]);
    expect(await notesOf(reference, false)).toEqual([closed.body]);
    expect((await api.call('POST', `/v1/notes/${note!.id}/close`, operator())).body).toEqual(
      closed.body,
    );
  });

  it('and told at once for twenty reservations pays one of them', async () => {
    const event = await api.event();
    const reference = `pay-${randomUUID()}`;
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) => api.held(event, [`Floor-${index + 1}`])),
    );
    const answers = await Promise.all(all.map((one) => api.pay(one, reference)));
    expect(answers.map(({ status }) => status)).toEqual(all.map(() => 200));
    await eventually(async () => {
      const now = await Promise.all(all.map(async ({ id }) => (await api.get(id)).body.status));
      expect(now.filter((status) => status === 'confirmed')).toHaveLength(1);
    });
    expect(await notesOf(reference)).toHaveLength(19);
  });
});

describe('A note', () => {
  it('that waits for an operator is counted by its kind, as the refunds are that a client gives', async () => {
    const reference = `pay-${randomUUID()}`;
    const [first, second] = [await held(), await held()];
    await api.pay(first, reference);
    await api.until(first.id, 'confirmed');
    await api.pay(second, reference);
    // The client took the money itself.
    await api.cancel((await api.sold(await api.event(), ['A-1'])).id);
    await eventually(async () => {
      const open = (await api.notes(true)).filter(({ kind }) => kind === 'reference_conflict');
      const refunds = await api.call<Page<{ by: string }>>(
        'GET',
        '/v1/refunds?status=pending&limit=200',
        operator(),
      );
      const byHand = refunds.body.data.filter(({ by }) => by === 'client');
      expect([open.length, byHand.length]).not.toContain(0);
      const { body: text } = await api.call<string>('GET', '/metrics', operator());
      for (const figure of [
        `holdfast_notes_open{scope="database",kind="reference_conflict"} ${open.length}`,
        `holdfast_refunds_pending{scope="database",state="by_hand"} ${byHand.length}`,
      ])
        expect(text).toContain(figure);
    });
  });

  it.each(['0', '999999999999', 'x'])('that is not there (%s) cannot be closed', async (id) => {
    expect(refusal(await api.call('POST', `/v1/notes/${id}/close`, operator()))).toEqual([
      404,
      'not_found',
    ]);
  });

  it('is for operators alone', async () => {
    expect(refusal(await api.call('GET', '/v1/notes'))).toEqual([403, 'forbidden']);
    expect(refusal(await api.call('POST', '/v1/notes/1/close'))).toEqual([403, 'forbidden']);
  });
});

describe('A payment that an operator signals', () => {
  it('with a reference of another reservation has no effect', async () => {
    const reference = `pay-${randomUUID()}`;
    const [first, second] = [await held(), await held()];
    await api.pay(first, reference);
    await api.until(first.id, 'confirmed');
    const actor = system.temporal.workflow.getHandle(second.id);
    await eventually(() => actor.describe());
    await actor.signal('paymentConfirmed', { reference, ...second.total });
    await eventually(async () => {
      expect(
        await actor.query<string>('__temporal_workflow_metadata').then(JSON.stringify),
      ).toContain(`no effect: reference ${reference} belongs to ${first.id}`);
    });
    expect(await api.payments(second.id)).toEqual([]);
    expect((await api.get(second.id)).body.status).toBe('held');
  });
});
