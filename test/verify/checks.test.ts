import { setTimeout as delay } from 'node:timers/promises';
import { type Database, type Queryable } from '../../src/db/database';
import { CHECKS, runChecks } from '../../src/db/verify';
import { verifySystem } from '../../src/cli/verify-system';
import type { RunningWorkflow, TemporalView } from '../../src/cli/verify-temporal';
import { openTestDatabase } from '../support/system';
import { fill, runAll } from './fill';

/** `HOLDFAST_VERIFY_ROWS=100000` fills a database of that size: the way to measure what `npm run verify` costs. */
const RESERVATIONS = Number(process.env.HOLDFAST_VERIFY_ROWS ?? 2000);
const LIMIT_MS = 60_000;

let db: Database;

beforeAll(async () => {
  db = await openTestDatabase({ pool: 3, prepared: false, queryTimeoutMs: 300_000 });
  await fill(db, RESERVATIONS, { trusting: RESERVATIONS > 5000 });
}, 600_000);
afterAll(() => db.close());

class RolledBack extends Error {}

/** What the checks find after the damage; nothing of it stays. */
async function findingsAfter(damage: readonly string[]): Promise<Map<string, string>> {
  let found = new Map<string, string>();
  const work = async (tx: Queryable): Promise<void> => {
    await runAll(tx, ['set local session_replication_role = replica', ...damage]);
    const wrong = (await runChecks(tx)).filter(({ total }) => total > 0);
    found = new Map(
      wrong.map(({ name, findings }) => [
        name,
        findings.map(({ id, detail }) => `${id}: ${detail}`).join('\n'),
      ]),
    );
    throw new RolledBack();
  };
  await db.transaction(work).catch((error: unknown) => {
    if (!(error instanceof RolledBack)) throw error;
  });
  return found;
}

const FREE_SEATS = (id: string) =>
  `update seats set status = 'available', reservation_id = null, hold_ends_at = null where reservation_id = '${id}'`;
const REFUND_16 = `(select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-16')`;
const OLD_REFUND = `update refunds set status = 'pending', succeeded_at = null, created_at = now() - interval '1 day' where id = ${REFUND_16}`;

const ENDPOINT_ID = '5f0c3a0f-2d11-4c9e-a5a1-9b2f6f0e6a55';
const ENDPOINT = `insert into webhook_endpoints (id, client, sees_all, url, position) values ('${ENDPOINT_ID}', 'shop', false, 'https://shop.example', 2)`;
const waiting = (sequence: number, due: string) =>
  `insert into webhook_deliveries (endpoint_id, sequence, mark, history_id, subject, next_attempt_at)
   values ('${ENDPOINT_ID}', ${sequence}, 0, ${sequence}, 'sold-000020', ${due})`;

/** Check, damage, what the finding names. */
const DAMAGE: [string, string[], string][] = [
  ['seat owner and open allocation agree', [FREE_SEATS('sold-000020')], 'sold-000020-1'],
  [
    'no seat has two owners',
    [
      'drop index allocations_one_owner_per_seat',
      `insert into allocations (reservation_id, seat_id, price)
         select 'sold-000001', seat_id, price from allocations where reservation_id = 'sold-000020'`,
    ],
    'sold-000001, sold-000020',
  ],
  [
    'a sold seat belongs to a confirmed reservation',
    [`update seats set status = 'sold', hold_ends_at = null where reservation_id = 'held-000018'`],
    'reservation held-000018, which is held',
  ],
  [
    'a held seat belongs to a held reservation, with the same end',
    [
      `update seats set hold_ends_at = hold_ends_at + interval '1 hour' where label = 'held-000018-2'`,
    ],
    'held-000018-2',
  ],
  [
    'a seat held for a quote belongs to an open one, with the same end',
    [
      `with quote as (insert into changes (reservation_id, status, actor, of_sale, result, release, take, amounts_before, amounts_after,
                                           total_before, due, refund, currency, expires_at)
         values ('held-000018', 'quoted', 'client:shop', true, '{}', '[]', '[]', '{}', '{}', 0, 0, 0, 'EUR', now() + interval '3 hours') returning id)
       update allocations set change_id = quote.id, until_revision = 2 from quote
        where reservation_id = 'held-000018' and seat_id = (select id from seats where label = 'held-000018-2')`,
    ],
    'held-000018-2',
  ],
  [
    'the sums of all changes lead to what a reservation costs',
    [
      `insert into changes (reservation_id, status, actor, of_sale, result, release, take, amounts_before, amounts_after,
                            total_before, due, refund, currency, ended_at)
       values ('sold-000020', 'applied', 'client:shop', true, '{"total": 1}', '[]', '[]', '{}', '{}', 9000, 0, 0, 'EUR', now())`,
    ],
    'of sold-000020 begins at 9000',
  ],
  ['a hold in force has all its seats', [FREE_SEATS('held-000018')], 'held-000018: held until'],
  [
    'a hold in force has all its seats',
    [`delete from allocations where reservation_id = 'held-000018'`],
    'held-000018: held until',
  ],
  [
    'a confirmed reservation owns all its seats',
    [FREE_SEATS('late-000009')],
    'late-000009: confirmed at',
  ],
  [
    'an ended reservation owns nothing',
    [`update allocations set released_at = null where reservation_id = 'expired-000010'`],
    'expired-000010: expired at',
  ],
  [
    'a reservation claims seats of its own events, and its total is what they cost with fees and tax',
    [`update reservations set total = 9001 where id = 'cancelled-000014'`],
    'cancelled-000014: total 9001 EUR, prices 9000',
  ],
  [
    'the use of a code belongs to a reservation with that code, as it stands',
    [
      `update code_uses set status = 'held', hold_ends_at = 'infinity' where reservation_id = 'sold-000020'`,
    ],
    'use 1 is held until infinity of reservation sold-000020, which is confirmed',
  ],
  [
    'a sale with a limited code has its use',
    [
      `update code_uses set status = 'free', reservation_id = null where reservation_id = 'sold-000020'`,
    ],
    'sold-000020: confirmed with the code FILLED, of which it has no use',
  ],
  [
    'a seat in an allotment is of its event and has its end, and an ended one keeps none',
    ['update allotments set ended_at = now()'],
    'held-000018-1',
  ],
  [
    'a seat that was taken while it is in an allotment was taken from it',
    [`update allocations set allotment_id = null where reservation_id = 'held-000018'`],
    'taken from the open sale by reservation held-000018',
  ],
  [
    'a seat of an allotment was taken by its client or by an operator',
    [`update allotments set client = 'stranger'`],
    'which is for stranger, was taken by filler',
  ],
  [
    'the confirming payments of a sale are of what it cost, and of its changes',
    [`update payments set amount = 8999 where reference = 'pay-20'`],
    'sold-000020: confirmed by pay-20 for 9000 EUR',
  ],
  [
    'a confirming payment belongs to a sale, and is not refunded by itself while that stands',
    [
      `insert into refunds (payment_id, amount, given_by, reason) select id, 9000, 'test', 'cancelled' from payments where reference = 'pay-20'`,
    ],
    'pay-20: payment pay-20 of 9000 EUR for reservation sold-000020 is',
  ],
  [
    'money that is not for a sale goes back',
    [`update payments set role = 'surplus' where reference = 'pay-20'`],
    'pay-20: payment pay-20 of 9000 EUR for reservation sold-000020 is surplus captured; of it 0',
  ],
  [
    'what is kept beside a payment is what its refunds come to',
    [
      'alter table refunds disable trigger user',
      `update refunds set amount = 8000 where id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-16')`,
    ],
    'pay-16: payment pay-16 of 9000 EUR for reservation undone-000016 is refunded, 9000 ordered',
  ],
  [
    'a payment has one inbox row, whose outcome is what became of it',
    [`delete from inbox where reference = 'pay-20'`],
    'its inbox rows: none',
  ],
  [
    'a payment has one inbox row, whose outcome is what became of it',
    [`update inbox set outcome = 'refund_duplicate' where reference = 'pay-9'`],
    'pay-9: payment pay-9',
  ],
  [
    'a payment goes back for a reason that is true',
    [
      `update refunds set reason = 'mismatch' where id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-13')`,
      `update payments set refunded = 9000 where reference = 'pay-13'`,
    ],
    'pay-13: payment pay-13 of 9000 EUR for reservation toolate-000013 goes back (mismatch)',
  ],
  [
    'the test provider and we know the same payments',
    [`delete from payments where reference = 'pay-20'`],
    'pay-20: the provider charged 9000 EUR, we know of nothing',
  ],
  [
    'the test provider and we know the same payments',
    [
      `update test_provider.charges set at = now() where reference = 'pay-1'`,
      `delete from test_provider.charges where reference = 'pay-20'`,
    ],
    'pay-20: the provider charged nothing, we know of 9000 EUR',
  ],
  [
    'the test provider refunded what we ordered, and never more than it took',
    [`insert into test_provider.refunds values ('again', 'pay-16', 9000, 'EUR')`],
    'pay-16: refunds of together 18000; charged was 9000 EUR, we ordered 9000',
  ],
  [
    'the test provider refunded what we ordered, and never more than it took',
    [`insert into test_provider.refunds values ('wrong', 'pay-20', 9000, 'EUR')`],
    'pay-20: refunds of together 9000; charged was 9000 EUR, we ordered 0',
  ],
  [
    'what the test provider is said to have refunded stands in its books',
    [`delete from test_provider.refunds where reference = 'pay-16'`],
    'payment pay-16 of 9000 EUR for reservation undone-000016: a refund of 9000 succeeded',
  ],
  [
    "the test provider's balance is the money that we hold",
    [`delete from test_provider.refunds where reference = 'pay-13'`],
    'EUR: charges',
  ],
  [
    'every posting of the ledger adds up to 0',
    [
      `update ledger set amount = amount + 1 where reservation_id = 'sold-000020' and account = 'tickets'`,
    ],
    'of reservation sold-000020 is out by 1 EUR',
  ],
  [
    "the ledger's cash is what was captured, less what went back and what disputes took",
    [`delete from ledger where refund_id = ${REFUND_16}`],
    'EUR: the ledger has',
  ],
  [
    "a reservation's accounts agree with its payments",
    [
      `update ledger set reservation_id = 'sold-000001' where payment_id = (select id from payments where reference = 'pay-20')`,
    ],
    'sold-000020: the ledger has',
  ],
  [
    "a reservation's accounts agree with its payments",
    [
      `delete from ledger where reservation_id = 'undone-000016' and account = 'customers' and refund_id is not null`,
    ],
    'undone-000016: the ledger has',
  ],
  [
    'a sale stands in the ledger with its seats and its total, and what is not sold does not',
    [`delete from ledger where reservation_id = 'sold-000020' and account = 'tickets'`],
    'sold-000020: confirmed for 9000 EUR, 2 seats; the ledger has 0 for 0 seats',
  ],
  [
    'a sale stands in the ledger with its seats and its total, and what is not sold does not',
    [`update ledger set reservation_id = 'held-000018' where reservation_id = 'sold-000020'`],
    'held-000018: unknown',
  ],
  [
    'a confirmed reservation has one live ticket for each seat',
    [`delete from tickets where code like 'sold-000020/%'`],
    'sold-000020: seat sold-000020-1',
  ],
  [
    'a live ticket belongs to a confirmed reservation, alone for its seat',
    [`update tickets set status = 'valid' where reservation_id = 'undone-000016'`],
    'undone-000016: ticket',
  ],
  [
    'a live ticket belongs to a confirmed reservation, alone for its seat',
    [`update reservations set cancel_requested_at = now() where id = 'sold-000020'`],
    'sold-000020: ticket',
  ],
  [
    'a used ticket says when it was used, and the history that it was',
    [`update tickets set status = 'used', used_at = now() where reservation_id = 'sold-000020'`],
    'sold-000020: used tickets: 2, with a time: 2, check-ins in the history: 0',
  ],
  [
    'a used ticket says when it was used, and the history that it was',
    [
      `insert into history (reservation_id, type, actor) select 'sold-000020', 'ticket.' || what, 'test'
         from unnest(array['checked_in', 'check_in_undone', 'checked_in']) what`,
    ],
    'sold-000020: used tickets: 0, with a time: 0, check-ins in the history: 1',
  ],
  [
    'at most one mail for each occasion',
    [
      'alter table mails drop constraint mails_one_per_occasion',
      `insert into mails (reservation_id, kind, message_id, sent_at) values ('sold-000020', 'tickets', 'again', now())`,
    ],
    'sold-000020: 2 mails',
  ],
  [
    'mails are owed only for what has happened',
    [
      `insert into mails (reservation_id, kind, message_id) values ('expired-000010', 'tickets', 'wrong')`,
    ],
    'expired-000010: mail',
  ],
  [
    'mails are owed only for what has happened',
    [
      `update mails set reservation_id = 'sold-000020', sequence = 9 where refund_id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-13')`,
    ],
    'sold-000020: mail',
  ],
  [
    'what has happened has its mail',
    [`delete from mails where reservation_id = 'sold-000020'`],
    'sold-000020',
  ],
  [
    'what has happened has its mail',
    [
      `delete from mails where refund_id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-13')`,
    ],
    'toolate-000013: 9000 of payment pay-13',
  ],
  [
    'delivered means mailed, or refused by the mail server, with the tickets printed',
    [`update mails set sent_at = null where reservation_id = 'sold-000020'`],
    'sold-000020: confirmed, delivered at',
  ],
  [
    'delivered means mailed, or refused by the mail server, with the tickets printed',
    [`delete from ticket_documents where reservation_id = 'sold-000020'`],
    'sold-000020: confirmed, delivered at',
  ],
  [
    'tickets are printed only for what was confirmed',
    [`insert into ticket_documents (reservation_id, pdf) values ('expired-000010', '%PDF')`],
    'expired-000010: printed at',
  ],
  [
    "a history begins with the hold, goes a legal way and ends at the reservation's status",
    [
      `insert into history (reservation_id, type, actor) values ('sold-000020', 'reservation.expired', 'system')`,
    ],
    'sold-000020: it is confirmed; its history begins with reservation.held and goes held > confirmed > expired',
  ],
  [
    "a history begins with the hold, goes a legal way and ends at the reservation's status",
    [
      `update history set type = 'reservation.extended' where reservation_id = 'expired-000010' and type = 'reservation.held'`,
    ],
    'expired-000010: it is expired; its history begins with reservation.extended',
  ],
  [
    'a confirmation is told once, with its payment',
    [
      `update history set data = '{"reference": "another"}' where reservation_id = 'sold-000020' and type = 'reservation.confirmed'`,
    ],
    'sold-000020: confirmed by pay-20; the history says another',
  ],
  [
    'a refund is told once, when it is ordered and when it is done',
    [
      `insert into history (reservation_id, type, actor, data)
         select 'undone-000016', 'refund.succeeded', 'system', jsonb_build_object('refund', (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-16'))`,
    ],
    'reservation undone-000016: the refund is succeeded (cancelled); the history has 1 orders, 2 refunds and 0 failures',
  ],
  [
    'a handled cancel has ended its reservation',
    [
      `update inbox set reservation_id = 'held-000018' where kind = 'cancel' and reservation_id = 'cancelled-000014'`,
    ],
    'held-000018: inbox row',
  ],
  [
    'an outbox entry is about something that exists',
    [`insert into outbox (kind, subject) values ('ring', 'nobody-0001')`],
    'ring of nobody-0001',
  ],
  [
    'an overdue hold is swept within two minutes',
    [
      `update reservations set hold_ends_at = now() - interval '3 minutes' where id = 'held-000018'`,
    ],
    'held-000018: its hold ended at',
  ],
  [
    'an outbox entry is tried',
    [`update outbox set not_before = now() - interval '6 minutes' where subject = 'held-000018'`],
    'start of held-000018',
  ],
  [
    'a payment for a reservation that never came to be goes back',
    [
      `insert into payments (reference, reservation_id, amount, currency, source, received_at)
         values ('stray', 'never-came-to-be', 1, 'EUR', 'standard', now() - interval '16 minutes')`,
    ],
    'stray: 1 EUR for reservation never-came-to-be',
  ],
  [
    'an open hold has its actor',
    [`delete from outbox where subject = 'held-000018'`],
    'held-000018: held since',
  ],
  [
    'what comes for a reservation is handled',
    [
      `insert into inbox (reservation_id, kind, actor, received_at) values ('sold-000020', 'cancel', 'client:filler', now() - interval '6 minutes')`,
    ],
    'cancel for reservation sold-000020',
  ],
  [
    'a refund is under way until it is done',
    [OLD_REFUND],
    '9000 EUR of payment pay-16 for reservation undone-000016',
  ],
  [
    'a delivery is under way until it is done',
    [`update reservations set delivered_at = null where id = 'sold-000020'`],
    'sold-000020: confirmed at',
  ],
  [
    'a mail that is owed is under way',
    [
      `insert into mails (reservation_id, kind, sequence, message_id, requested_at) values ('sold-000020', 'tickets', 1, 'again', now() - interval '6 minutes')`,
    ],
    'tickets 1 of reservation sold-000020',
  ],
  [
    'a mail that is owed is under way',
    [
      `update mails set sent_at = null where refund_id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = 'pay-13')`,
    ],
    'refund 0 of reservation toolate-000013',
  ],
  [
    'an entry of the outbox was given up',
    [
      `insert into outbox (kind, subject, attempts, not_before, given_up_at, last_error) values ('ring', 'sold-000020', 12, 'infinity', now() - interval '5 minutes', 'INVALID_ARGUMENT: too long')`,
    ],
    'ring of sold-000020, given up 00:05:00 ago after 12 tries: INVALID_ARGUMENT: too long',
  ],
  [
    'what happened is in the feed within a minute',
    [
      `delete from feed where history_id = (select max(id) from history where reservation_id = 'sold-000020')`,
    ],
    'reservation.confirmed of sold-000020',
  ],
  [
    "the feed's numbers have no gap, and its head is the last one",
    ['delete from feed where sequence = 7'],
    'feed: 1 to ',
  ],
  [
    'of what waits for a webhook endpoint the first of each reservation is due, alone',
    [ENDPOINT, ...[1, 2].map((sequence) => waiting(sequence, sequence === 2 ? 'now()' : 'null'))],
    'of sold-000020 wait 2; due: 2, the first: 1',
  ],
  [
    'what is due to a webhook endpoint is being sent',
    [ENDPOINT, waiting(1, `now() - interval '10 minutes'`)],
    '1 deliveries are due since',
  ],
  [
    'the sweep cannot do something',
    [
      `insert into sweep_faults (step, subject, attempts, error) values ('expire', 'held-000018', 3, 'division by zero')`,
    ],
    'held-000018: expire, for 00:00:00, 3 tries: division by zero',
  ],
  [
    'a payment names a reservation that does not exist',
    [
      `update payments set role = 'kept', reservation_id = 'gone-000001' where reference = 'pay-20'`,
    ],
    'pay-20: 9000 EUR for reservation gone-000001, for',
  ],
  [
    'Temporal refuses an entry of the outbox',
    [
      `insert into outbox (kind, subject, refused_since, last_error)
         values ('start', 'held-000018', now() - interval '5 minutes', 'no mapping for search attribute EventSlugs')`,
    ],
    'start of held-000018, refused for 00:05:00: no mapping for search attribute EventSlugs',
  ],
  [
    'a refund waits for a person',
    [OLD_REFUND, `update refunds set error = 'insufficient_funds' where id = ${REFUND_16}`],
    '9000 EUR of payment pay-16 for reservation undone-000016, ordered',
  ],
  [
    'money that should have gone back has not',
    [
      `update refunds set status = 'failed', error = 'declined', succeeded_at = null where id = ${REFUND_16}`,
    ],
    'pay-16: 9000 EUR are left of the payment for reservation undone-000016',
  ],
  [
    'a mail waits for over an hour',
    [
      `update mails set sent_at = null, requested_at = now() - interval '61 minutes', last_error = '554 relay access denied'
         where reservation_id = 'sold-000020'`,
    ],
    'tickets of reservation sold-000020, owed for 01:01:00: 554 relay access denied',
  ],
  [
    'a mail was refused for good',
    [
      `update mails set sent_at = null, refused = 'the mail server refused it (550 5.1.1 unknown)' where reservation_id = 'sold-000020'`,
    ],
    'ago: the mail server refused it (550 5.1.1 unknown)',
  ],
];

describe('The checks of the database', () => {
  it(`find nothing in ${RESERVATIONS} sound reservations, in under a minute`, async () => {
    const startedAt = Date.now();
    const { ok, checks, notes } = await verifySystem(db, null, { patienceMs: 0 });
    const took = Date.now() - startedAt;
    if (RESERVATIONS > 5000)
      process.stderr.write(`verified ${RESERVATIONS} reservations in ${took} ms\n`);
    expect(checks.filter(({ violations }) => violations > 0)).toEqual([]);
    expect(ok).toBe(true);
    expect(notes).toEqual([]);
    expect(checks.every(({ looked, name }) => looked > 0 || NOTHING_TO_SEE.has(name))).toBe(true);
    expect(took).toBeLessThan(LIMIT_MS);
  });

  it.each(DAMAGE)('find damage: %s', async (check, damage, named) => {
    const found = await findingsAfter(damage);
    expect([...found.keys()]).toContain(check);
    expect(found.get(check)).toContain(named);
  });

  it('are each proven by some damage', () => {
    const proven = new Set(DAMAGE.map(([name]) => name));
    expect(CHECKS.map(({ name }) => name).filter((name) => !proven.has(name))).toEqual([]);
  });

  it.each([
    [
      'an order to the relay',
      `insert into outbox (kind, subject) select 'refund_order', ${REFUND_16}::text`,
    ],
    [
      'a fresh order by the sweep',
      `update refunds set nudged_at = now(), created_at = now() - interval '30 minutes' where id = ${REFUND_16}`,
    ],
  ])('do not blame work that is being retried: %s', async (_, trace) => {
    const found = await findingsAfter([OLD_REFUND, trace]);
    expect(found.has('a refund is under way until it is done')).toBe(false);
  });

  it('count all, and name the first fifty', async () => {
    await db
      .transaction(async (tx) => {
        await runAll(tx, [
          'set local session_replication_role = replica',
          `delete from tickets where code like 'sold-%'`,
        ]);
        const result = (await runChecks(tx)).find(({ name }) =>
          name.includes('one live ticket for each seat'),
        )!;
        expect(result.total).toBe(RESERVATIONS * 0.9);
        expect(result.findings).toHaveLength(50);
        throw new RolledBack();
      })
      .catch((error: unknown) => {
        if (!(error instanceof RolledBack)) throw error;
      });
  });
});

/** Checks of what a sound and quiet system has none of. */
const NOTHING_TO_SEE = new Set([
  'of what waits for a webhook endpoint the first of each reservation is due, alone',
  'what is due to a webhook endpoint is being sent',
  'a seat held for a quote belongs to an open one, with the same end',
  'the sums of all changes lead to what a reservation costs',
  'an entry of the outbox was given up',
  'the sweep cannot do something',
  'a used ticket says when it was used, and the history that it was',
  'an overdue hold is swept within two minutes',
  'a payment for a reservation that never came to be goes back',
  'what comes for a reservation is handled',
  'a refund is under way until it is done',
  'a delivery is under way until it is done',
  'a mail that is owed is under way',
  'a mail waits for over an hour',
  'a mail was refused for good',
  'a refund waits for a person',
  'a payment names a reservation that does not exist',
  'Temporal refuses an entry of the outbox',
  'money that should have gone back has not',
]);

it('What waits for a person is noted with its age, and is not wrong', async () => {
  const refuse = (value: string) =>
    runAll(db, [
      `update mails set refused = ${value} where reservation_id = 'sold-000020' and sequence = 0`,
    ]);
  await refuse(`'no such mailbox'`);
  const again = `insert into mails (reservation_id, kind, sequence, message_id, sent_at) values ('sold-000020', 'tickets', 1, 'again', now())`;
  try {
    const noted = await verifySystem(db, null, { patienceMs: 0 });
    expect(noted.ok).toBe(true);
    expect(noted.notes).toEqual([
      expect.stringMatching(
        /^a mail was refused for good: \d+ tickets of reservation sold-000020, owed 0\d:\d\d:00 ago: no such mailbox$/,
      ),
    ]);
    await runAll(db, [again]);
    expect((await verifySystem(db, null, { patienceMs: 0 })).notes).toEqual([]);
  } finally {
    await runAll(db, [`delete from mails where message_id = 'again'`]);
    await refuse('null');
  }
});

describe('Late work', () => {
  const ALL_ROLES = `insert into workers values ('w', '{reservations,relay}', now() + interval '1 hour')`;
  const temporal = (ids: string[], reservations: RunningWorkflow[] = []): TemporalView => ({
    running: async () => ({ ids: new Set(ids), reservations }),
    failures: async () => [],
    setup: async () => ({ missingAttributes: [], schedule: 'runs' }),
    prepare: async () => undefined,
    ring: async () => 0,
    close: async () => undefined,
  });
  const violations = async (view: TemporalView | null, patienceMs = 0) => {
    const { checks, notes } = await verifySystem(db, view, { patienceMs });
    return {
      wrong: checks.filter((check) => check.violations > 0).map(({ findings }) => findings[0]!.id),
      notes,
    };
  };

  beforeEach(() => runAll(db, [`delete from outbox where subject = 'held-000018'`, ALL_ROLES]));
  afterEach(() =>
    runAll(db, [
      'delete from workers',
      `delete from outbox where subject = 'held-000018'`,
      `insert into outbox (kind, subject) values ('start', 'held-000018')`,
    ]),
  );

  it('is wrong when no workflow is at it', async () => {
    expect(await violations(temporal(['settle:held-000019']))).toEqual({
      wrong: ['held-000018'],
      notes: [],
    });
  });

  it.each(['held-000018', 'settle:held-000018'])('is not wrong while %s runs', async (id) => {
    expect(await violations(temporal([id]))).toEqual({ wrong: [], notes: [] });
  });

  it('is not judged without Temporal, and waits while no worker runs', async () => {
    const waiting = {
      wrong: [],
      notes: [expect.stringMatching(/^an open hold has its actor: 1 wait; only Temporal/)],
    };
    expect(await violations(null)).toEqual(waiting);
    await runAll(db, ['delete from workers']);
    const idle = {
      wrong: [],
      notes: [expect.stringMatching(/: 1 wait; no worker runs for relay, reservations$/)],
    };
    expect(await violations(temporal([]))).toEqual(idle);
  });

  it('is looked at again, and forgiven when it is done meanwhile', async () => {
    const looking = violations(temporal([]), 20_000);
    await delay(500);
    await runAll(db, [`insert into outbox (kind, subject) values ('start', 'held-000018')`]);
    expect(await looking).toEqual({ wrong: [], notes: [] });
  });

  it('is a backlog, not a fault, while a queue moves', async () => {
    const LATE = `insert into outbox (kind, subject, not_before) select 'ring', id, now() - interval '1 hour' from reservations where id in ('held-000018', 'held-000019')`;
    await runAll(db, [LATE]);
    const still = await violations(temporal([]), 0);
    expect(still.wrong).toHaveLength(1);
    const looking = violations(temporal([]), 5000);
    await delay(500);
    await runAll(db, [`delete from outbox where subject = 'held-000018'`]);
    const { wrong } = await looking;
    await runAll(db, [`delete from outbox where kind = 'ring'`]);
    expect(wrong).toEqual([]);
  });

  it('is missed also the other way round: actors that run for nothing', async () => {
    const since = (minutes: number, id: string) => ({
      id,
      startedAt: new Date(Date.now() - minutes * 60_000),
    });
    const atWork = [since(200, 'held-000018'), since(1, 'nobody-yet')];
    expect((await violations(temporal(['held-000018'], atWork))).wrong).toEqual([]);

    const idle = [
      since(10, 'nobody-here'),
      since(200, 'sold-000020'),
      since(200, 'expired-000010'),
    ];
    const { checks } = await verifySystem(db, temporal(['held-000018'], [...atWork, ...idle]), {
      patienceMs: 0,
    });
    const [wrong, ...others] = checks.filter((check) => check.violations > 0);
    expect(others).toEqual([]);
    expect(wrong).toMatchObject({
      name: 'a running reservation workflow has something to do',
      looked: 5,
      violations: 3,
    });
    expect(wrong!.findings.map(({ id }) => id).sort()).toEqual([
      'expired-000010',
      'nobody-here',
      'sold-000020',
    ]);
  });
});
