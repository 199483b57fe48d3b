import { planOrders } from '../../proof/big-database/orders';

/** Check, damage, what the finding names. */
type Damage = [check: string, damage: string[], named: string | RegExp];

const LEDGER_OF_A_SALE =
  'a sale stands in the ledger with the seats and the money of each of its events, and what is not sold does not';

/**
 * Damage for each check, to some of twenty orders, which are of as many events each.
 * @param orders how many there are
 * @param before how many come before the twenty
 */
export function damageOf(
  orders: number,
  before: number,
): { damage: Damage[]; refund: string; oldRefund: string } {
  const plan = planOrders(orders);
  const order = (n: number) => plan.order(before + n);
  const id = (n: number) => order(n).id;
  const pay = (n: number) => order(n).reference;
  const cost = (n: number) => order(n).total;
  const [SOLD, OTHER, LATE, EXPIRED] = [id(20), id(1), id(9), id(10)];
  const [TOOLATE, CANCELLED, UNDONE, HELD] = [id(13), id(14), id(16), id(18)];
  const seats = order(20).seats.length;
  const prices = order(14).seats.reduce((sum, { price }) => sum + price, 0);

  const FREE_SEATS = (id: string) =>
    `update seats set status = 'available', reservation_id = null, hold_ends_at = null where reservation_id = '${id}'`;
  const REFUND_16 = `(select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(16)}')`;
  const OLD_REFUND = `update refunds set status = 'pending', succeeded_at = null, created_at = now() - interval '1 day' where id = ${REFUND_16}`;

  const ENDPOINT_ID = '5f0c3a0f-2d11-4c9e-a5a1-9b2f6f0e6a55';
  const ENDPOINT = `insert into webhook_endpoints (id, client, sees_all, url, position) values ('${ENDPOINT_ID}', 'shop', false, 'https://shop.example', 2)`;
  const waiting = (sequence: number, due: string) =>
    `insert into webhook_deliveries (endpoint_id, sequence, mark, history_id, subject, next_attempt_at)
   values ('${ENDPOINT_ID}', ${sequence}, 0, ${sequence}, '${SOLD}', ${due})`;

  const damage: Damage[] = [
    ['seat owner and open allocation agree', [FREE_SEATS(SOLD)], `${SOLD}-1`],
    [
      'no seat has two owners',
      [
        'drop index allocations_one_owner_per_seat',
        `insert into allocations (reservation_id, seat_id, price)
         select '${OTHER}', seat_id, price from allocations where reservation_id = '${SOLD}'`,
      ],
      `${OTHER}, ${SOLD}`,
    ],
    [
      'a sold seat belongs to a confirmed reservation',
      [`update seats set status = 'sold', hold_ends_at = null where reservation_id = '${HELD}'`],
      `reservation ${HELD}, which is held`,
    ],
    [
      'a held seat belongs to a held reservation, with the same end',
      [
        `update seats set hold_ends_at = hold_ends_at + interval '1 hour' where label = '${HELD}-2'`,
      ],
      `${HELD}-2`,
    ],
    [
      'a seat held for a quote belongs to an open one, with the same end',
      [
        `with quote as (insert into changes (reservation_id, status, actor, of_sale, result, release, take, amounts_before, amounts_after,
                                           total_before, due, refund, currency, expires_at)
         values ('${HELD}', 'quoted', 'client:shop', true, '{}', '[]', '[]', '{}', '{}', 0, 0, 0, 'EUR', now() + interval '3 hours') returning id)
       update allocations set change_id = quote.id, until_revision = 2 from quote
        where reservation_id = '${HELD}' and seat_id = (select id from seats where label = '${HELD}-2')`,
      ],
      `${HELD}-2`,
    ],
    [
      'the sums of all changes lead to what a reservation costs',
      [
        `insert into changes (reservation_id, status, actor, of_sale, result, release, take, amounts_before, amounts_after,
                            total_before, due, refund, currency, ended_at)
       values ('${SOLD}', 'applied', 'client:shop', true, '{"total": 1}', '[]', '[]', '{}', '{}', ${cost(20)}, 0, 0, 'EUR', now())`,
      ],
      `of ${SOLD} begins at ${cost(20)}`,
    ],
    ['a hold in force has all its seats', [FREE_SEATS(HELD)], `${HELD}: held until`],
    [
      'a hold in force has all its seats',
      [`delete from allocations where reservation_id = '${HELD}'`],
      `${HELD}: held until`,
    ],
    ['a confirmed reservation owns all its seats', [FREE_SEATS(LATE)], `${LATE}: confirmed at`],
    [
      'an ended reservation owns nothing',
      [`update allocations set released_at = null where reservation_id = '${EXPIRED}'`],
      `${EXPIRED}: expired at`,
    ],
    [
      'a reservation claims seats of its own events, and its total is what they cost with fees and tax',
      [`update reservations set total = ${cost(14) + 1} where id = '${CANCELLED}'`],
      `${CANCELLED}: total ${cost(14) + 1} EUR, prices ${prices}`,
    ],
    [
      'the use of a code belongs to a reservation with that code, as it stands',
      [
        `update code_uses set status = 'held', hold_ends_at = 'infinity' where reservation_id = '${SOLD}'`,
      ],
      `use ${order(20).use} is held until infinity of reservation ${SOLD}, which is confirmed`,
    ],
    [
      'a sale or a hold in force with a limited code has its use',
      [
        `update code_uses set status = 'free', reservation_id = null where reservation_id = '${SOLD}'`,
      ],
      `${SOLD}: confirmed with the code FILLED, of which it has no use`,
    ],
    [
      'a sale or a hold in force with a limited code has its use',
      [
        `update code_uses set status = 'free', reservation_id = null, hold_ends_at = null where reservation_id = '${HELD}'`,
      ],
      `${HELD}: held with the code FILLED, of which it has no use`,
    ],
    [
      'a code has as many uses as it may have, and one without a limit has none',
      [`update codes set max_uses = max_uses - 1`],
      'FILLED may be used',
    ],
    [
      'a code has as many uses as it may have, and one without a limit has none',
      [`update codes set max_uses = null`],
      'FILLED may be used any number of times',
    ],
    [
      'a seat in an allotment is of its event and has its end, and an ended one keeps none',
      ['update allotments set ended_at = now()'],
      `${HELD}-1`,
    ],
    [
      'a seat that was taken while it is in an allotment was taken from it',
      [`update allocations set allotment_id = null where reservation_id = '${HELD}'`],
      `taken from the open sale by reservation ${HELD}`,
    ],
    [
      'a seat of an allotment was taken by its client or by an operator',
      [`update allotments set client = 'stranger'`],
      'which is for stranger, was taken by filler',
    ],
    [
      'the confirming payments of a sale are of what it cost, and of its changes',
      [`update payments set amount = ${cost(20) - 1} where reference = '${pay(20)}'`],
      `${SOLD}: confirmed by ${pay(20)} for ${cost(20)} EUR`,
    ],
    [
      'a confirming payment belongs to a sale, and is not refunded by itself while that stands',
      [
        `insert into refunds (payment_id, amount, given_by, reason) select id, ${cost(20)}, 'test', 'cancelled' from payments where reference = '${pay(20)}'`,
      ],
      `${pay(20)}: payment ${pay(20)} of ${cost(20)} EUR for reservation ${SOLD} is`,
    ],
    [
      'money that is not for a sale goes back',
      [`update payments set role = 'surplus' where reference = '${pay(20)}'`],
      `${pay(20)}: payment ${pay(20)} of ${cost(20)} EUR for reservation ${SOLD} is surplus captured; of it 0`,
    ],
    [
      'what is kept beside a payment is what its refunds come to',
      [
        'alter table refunds disable trigger user',
        `update refunds set amount = ${cost(16) - 1000} where id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(16)}')`,
      ],
      `${pay(16)}: payment ${pay(16)} of ${cost(16)} EUR for reservation ${UNDONE} is refunded, ${cost(16)} ordered`,
    ],
    [
      'a payment has one inbox row, whose outcome is what became of it',
      [`delete from inbox where reference = '${pay(20)}'`],
      'its inbox rows: none',
    ],
    [
      'a payment has one inbox row, whose outcome is what became of it',
      [`update inbox set outcome = 'refund_duplicate' where reference = '${pay(9)}'`],
      `${pay(9)}: payment ${pay(9)}`,
    ],
    [
      'a payment goes back for a reason that is true',
      [
        `update refunds set reason = 'mismatch' where id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(13)}')`,
        `update payments set refunded = ${cost(13)} where reference = '${pay(13)}'`,
      ],
      `${pay(13)}: payment ${pay(13)} of ${cost(13)} EUR for reservation ${TOOLATE} goes back (mismatch)`,
    ],
    [
      'the test provider and we know the same payments',
      [`delete from payments where reference = '${pay(20)}'`],
      `${pay(20)}: the provider charged ${cost(20)} EUR, we know of nothing`,
    ],
    [
      'the test provider and we know the same payments',
      [
        `update test_provider.charges set at = now() where reference = '${pay(1)}'`,
        `delete from test_provider.charges where reference = '${pay(20)}'`,
      ],
      `${pay(20)}: the provider charged nothing, we know of ${cost(20)} EUR`,
    ],
    [
      'the test provider refunded what we ordered, and never more than it took',
      [`insert into test_provider.refunds values ('again', '${pay(16)}', ${cost(16)}, 'EUR')`],
      `${pay(16)}: refunds of together ${2 * cost(16)}; charged was ${cost(16)} EUR, we ordered ${cost(16)}`,
    ],
    [
      'the test provider refunded what we ordered, and never more than it took',
      [`insert into test_provider.refunds values ('wrong', '${pay(20)}', ${cost(20)}, 'EUR')`],
      `${pay(20)}: refunds of together ${cost(20)}; charged was ${cost(20)} EUR, we ordered 0`,
    ],
    [
      'what the test provider is said to have refunded stands in its books',
      [`delete from test_provider.refunds where reference = '${pay(16)}'`],
      `payment ${pay(16)} of ${cost(16)} EUR for reservation ${UNDONE}: a refund of ${cost(16)} succeeded`,
    ],
    [
      "the test provider's balance is the money that we hold",
      [`delete from test_provider.refunds where reference = '${pay(13)}'`],
      'EUR: charges',
    ],
    [
      'every posting of the ledger adds up to 0',
      [
        `update ledger set amount = amount + 1
           where id = (select max(id) from ledger where reservation_id = '${SOLD}' and account = 'tickets')`,
      ],
      `of reservation ${SOLD} is out by 1 EUR`,
    ],
    [
      "the ledger's cash is what was captured, less what went back and what disputes took",
      [`delete from ledger where refund_id = ${REFUND_16}`],
      'EUR: the ledger has',
    ],
    [
      "a reservation's accounts agree with its payments",
      [
        `update ledger set reservation_id = '${OTHER}' where payment_id = (select id from payments where reference = '${pay(20)}')`,
      ],
      `${SOLD}: the ledger has`,
    ],
    [
      "a reservation's accounts agree with its payments",
      [
        `delete from ledger where reservation_id = '${UNDONE}' and account = 'customers' and refund_id is not null`,
      ],
      `${UNDONE}: the ledger has`,
    ],
    [
      'money of an order that was never sold leaves the events that it came to',
      [
        `insert into ledger (posting, account, amount, currency, event_id, reservation_id)
           select -1, 'cash', amount, 'EUR', case when amount > 0 then event_id end, id
             from reservations, unnest(array[100, -100]) amount where id = '${HELD}'`,
      ],
      `${HELD}: the event`,
    ],
    [
      LEDGER_OF_A_SALE,
      [
        `delete from ledger where reservation_id = '${SOLD}'
            and account in ('tickets', 'discounts', 'fees', 'tax', 'included_tax')`,
      ],
      new RegExp(
        `${SOLD}: confirmed for ${cost(20)} EUR; of the event ${order(20).events[0]} \\d+ for \\d seats, the ledger has 0 for 0 seats`,
      ),
    ],
    [
      LEDGER_OF_A_SALE,
      [`update ledger set reservation_id = '${HELD}' where reservation_id = '${SOLD}'`],
      `${HELD}: unknown`,
    ],
    [
      'a confirmed reservation has one live ticket for each seat',
      [`delete from tickets where code like '${SOLD}/%'`],
      `${SOLD}: seat ${SOLD}-1`,
    ],
    [
      'a live ticket belongs to a confirmed reservation that has its seat, alone',
      [`update tickets set status = 'valid', voided_at = null where reservation_id = '${UNDONE}'`],
      `${UNDONE}: ticket`,
    ],
    [
      'a live ticket belongs to a confirmed reservation that has its seat, alone',
      [`update reservations set cancel_requested_at = now() where id = '${SOLD}'`],
      `${SOLD}: ticket`,
    ],
    [
      'a live ticket belongs to a confirmed reservation that has its seat, alone',
      [
        `update allocations set until_revision = 2, released_at = now() where reservation_id = '${SOLD}'
            and seat_id = (select id from seats where label = '${SOLD}-1')`,
      ],
      /for seat id \d+, which was given back/,
    ],
    [
      'a used ticket says when it was used, and the history that it was',
      [`update tickets set status = 'used', used_at = now() where reservation_id = '${SOLD}'`],
      `${SOLD}: used tickets: ${seats}, with a time: ${seats}, check-ins in the history: 0`,
    ],
    [
      'a used ticket says when it was used, and the history that it was',
      [
        `insert into history (reservation_id, type, actor) select '${SOLD}', 'ticket.' || what, 'test'
         from unnest(array['checked_in', 'check_in_undone', 'checked_in']) what`,
      ],
      `${SOLD}: used tickets: 0, with a time: 0, check-ins in the history: 1`,
    ],
    [
      'at most one mail for each occasion',
      [
        'alter table mails drop constraint mails_one_per_occasion',
        `insert into mails (reservation_id, kind, message_id, sent_at) values ('${SOLD}', 'tickets', 'again', now())`,
      ],
      `${SOLD}: 2 mails`,
    ],
    [
      'mails are owed only for what has happened',
      [
        `insert into mails (reservation_id, kind, message_id) values ('${EXPIRED}', 'tickets', 'wrong')`,
      ],
      `${EXPIRED}: mail`,
    ],
    [
      'mails are owed only for what has happened',
      [
        `update mails set reservation_id = '${SOLD}', sequence = 9 where refund_id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(13)}')`,
      ],
      `${SOLD}: mail`,
    ],
    [
      'what has happened has its mail',
      [`delete from mails where reservation_id = '${SOLD}'`],
      SOLD,
    ],
    [
      'what has happened has its mail',
      [
        `delete from mails where refund_id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(13)}')`,
      ],
      `${TOOLATE}: ${cost(13)} of payment ${pay(13)}`,
    ],
    [
      'what has happened has its mail',
      [`delete from mails where reservation_id = '${UNDONE}' and kind = 'cancelled'`],
      `${UNDONE}: cancelled at`,
    ],
    [
      'delivered means mailed, or refused by the mail server, with the tickets printed',
      [`update mails set sent_at = null where reservation_id = '${SOLD}'`],
      `${SOLD}: confirmed, delivered at`,
    ],
    [
      'delivered means mailed, or refused by the mail server, with the tickets printed',
      [`delete from ticket_documents where reservation_id = '${SOLD}'`],
      `${SOLD}: confirmed, delivered at`,
    ],
    [
      'tickets are printed only for what was confirmed',
      [`insert into ticket_documents (reservation_id, pdf) values ('${EXPIRED}', '%PDF')`],
      `${EXPIRED}: printed at`,
    ],
    [
      "a history begins with the hold, goes a legal way and ends at the reservation's status",
      [
        `insert into history (reservation_id, type, actor) values ('${SOLD}', 'reservation.expired', 'system')`,
      ],
      `${SOLD}: it is confirmed; its history begins with reservation.held and goes held > confirmed > expired`,
    ],
    [
      "a history begins with the hold, goes a legal way and ends at the reservation's status",
      [
        `update history set type = 'reservation.extended' where reservation_id = '${EXPIRED}' and type = 'reservation.held'`,
      ],
      `${EXPIRED}: it is expired; its history begins with reservation.extended`,
    ],
    [
      'a confirmation is told once, with its payment',
      [
        `update history set data = '{"reference": "another"}' where reservation_id = '${SOLD}' and type = 'reservation.confirmed'`,
      ],
      `${SOLD}: confirmed by ${pay(20)}; the history says another`,
    ],
    [
      'a refund is told once, when it is ordered and when it is done',
      [
        `insert into history (reservation_id, type, actor, data)
         select '${UNDONE}', 'refund.succeeded', 'system', jsonb_build_object('refund', (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(16)}'))`,
      ],
      `reservation ${UNDONE}: the refund is succeeded (cancelled); the history has 1 orders, 2 refunds and 0 failures`,
    ],
    [
      'a handled cancel has ended its reservation',
      [
        `update inbox set reservation_id = '${HELD}' where kind = 'cancel' and reservation_id = '${CANCELLED}'`,
      ],
      `${HELD}: inbox row`,
    ],
    [
      'an outbox entry is about something that exists',
      [`insert into outbox (kind, subject) values ('ring', 'nobody-0001')`],
      'ring of nobody-0001',
    ],
    [
      'an overdue hold is swept within two minutes',
      [`update reservations set hold_ends_at = now() - interval '3 minutes' where id = '${HELD}'`],
      `${HELD}: its hold ended at`,
    ],
    [
      'an outbox entry is tried',
      [`update outbox set not_before = now() - interval '6 minutes' where subject = '${HELD}'`],
      `start of ${HELD}`,
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
      [`delete from outbox where subject = '${HELD}'`],
      `${HELD}: held since`,
    ],
    [
      'what comes for a reservation is handled',
      [
        `insert into inbox (reservation_id, kind, actor, received_at) values ('${SOLD}', 'cancel', 'client:filler', now() - interval '6 minutes')`,
      ],
      `cancel for reservation ${SOLD}`,
    ],
    [
      'a refund is under way until it is done',
      [OLD_REFUND],
      `${cost(16)} EUR of payment ${pay(16)} for reservation ${UNDONE}`,
    ],
    [
      'a delivery is under way until it is done',
      [`update reservations set delivered_at = null where id = '${SOLD}'`],
      `${SOLD}: confirmed at`,
    ],
    [
      'a mail that is owed is under way',
      [
        `insert into mails (reservation_id, kind, sequence, message_id, requested_at) values ('${SOLD}', 'tickets', 1, 'again', now() - interval '6 minutes')`,
      ],
      `tickets 1 of reservation ${SOLD}`,
    ],
    [
      'a mail that is owed is under way',
      [
        `update mails set sent_at = null where refund_id = (select f.id from refunds f join payments p on p.id = f.payment_id where p.reference = '${pay(13)}')`,
      ],
      `refund 0 of reservation ${TOOLATE}`,
    ],
    [
      'an entry of the outbox was given up',
      [
        `insert into outbox (kind, subject, attempts, not_before, given_up_at, last_error) values ('ring', '${SOLD}', 12, 'infinity', now() - interval '5 minutes', 'INVALID_ARGUMENT: too long')`,
      ],
      `ring of ${SOLD}, given up 00:05:00 ago after 12 tries: INVALID_ARGUMENT: too long`,
    ],
    [
      'what happened is in the feed within a minute',
      [
        `delete from feed where history_id = (select id from history where reservation_id = '${SOLD}' and type = 'reservation.confirmed')`,
      ],
      `reservation.confirmed of ${SOLD}`,
    ],
    [
      "the feed's numbers have no gap, and its head is the last one",
      ['delete from feed where sequence = 7'],
      'feed: 1 to ',
    ],
    [
      'of what waits for a webhook endpoint the first of each reservation is due, alone',
      [ENDPOINT, ...[1, 2].map((sequence) => waiting(sequence, sequence === 2 ? 'now()' : 'null'))],
      `of ${SOLD} wait 2; due: 2, the first: 1`,
    ],
    [
      'what is due to a webhook endpoint is being sent',
      [ENDPOINT, waiting(1, `now() - interval '10 minutes'`)],
      '1 deliveries are due since',
    ],
    [
      'the sweep cannot do something',
      [
        `insert into sweep_faults (step, subject, attempts, error) values ('expire', '${HELD}', 3, 'division by zero')`,
      ],
      `${HELD}: expire, for 00:00:00, 3 tries: division by zero`,
    ],
    [
      'a payment names a reservation that does not exist',
      [
        `update payments set role = 'kept', reservation_id = 'gone-000001' where reference = '${pay(20)}'`,
      ],
      `${pay(20)}: ${cost(20)} EUR for reservation gone-000001, for`,
    ],
    [
      'Temporal refuses an entry of the outbox',
      [
        `insert into outbox (kind, subject, refused_since, last_error)
         values ('start', '${HELD}', now() - interval '5 minutes', 'no mapping for search attribute EventSlugs')`,
      ],
      `start of ${HELD}, refused for 00:05:00: no mapping for search attribute EventSlugs`,
    ],
    [
      'a refund waits for a person',
      [OLD_REFUND, `update refunds set error = 'insufficient_funds' where id = ${REFUND_16}`],
      `${cost(16)} EUR of payment ${pay(16)} for reservation ${UNDONE}, ordered`,
    ],
    [
      'money that should have gone back has not',
      [
        `update refunds set status = 'failed', error = 'declined', succeeded_at = null where id = ${REFUND_16}`,
      ],
      `${pay(16)}: ${cost(16)} EUR are left of the payment for reservation ${UNDONE}`,
    ],
    [
      'a mail waits for over an hour',
      [
        `update mails set sent_at = null, requested_at = now() - interval '61 minutes', last_error = '554 relay access denied'
         where reservation_id = '${SOLD}'`,
      ],
      `tickets of reservation ${SOLD}, owed for 01:01:00: 554 relay access denied`,
    ],
    [
      'a mail was refused for good',
      [
        `update mails set sent_at = null, refused = 'the mail server refused it (550 5.1.1 unknown)' where reservation_id = '${SOLD}'`,
      ],
      'ago: the mail server refused it (550 5.1.1 unknown)',
    ],
  ];
  const [first, second] = order(20).events;
  const last = order(20).seats.at(-1)!;
  const EVENT = (slug: string) => `(select id from events where slug = '${slug}')`;
  const ofSeveral: Damage[] = [
    [
      'a reservation claims seats of its own events, and its total is what they cost with fees and tax',
      [`update reservations set event_ids = event_ids[1:2] where id = '${SOLD}'`],
      /: total .* seats of another event: [12]$/m,
    ],
    [
      'a reservation claims seats of its own events, and its total is what they cost with fees and tax',
      [`update reservations set fees = fees - (jsonb_array_length(fees) - 1) where id = '${SOLD}'`],
      `${SOLD}: total ${cost(20)} EUR, prices`,
    ],
    [
      'a confirmed reservation owns all its seats',
      [
        `update seats set status = 'available', reservation_id = null where label = '${last.label}'`,
      ],
      `but not its own: ${last.label}`,
    ],
    [
      'a confirmed reservation has one live ticket for each seat',
      [`delete from tickets where seat_id = (select id from seats where label = '${last.label}')`],
      `${SOLD}: seat ${last.label}`,
    ],
    [
      // Each posting still adds up within each event, and the sale as a whole.
      LEDGER_OF_A_SALE,
      [
        `update ledger set event_id = ${EVENT(first!)} where reservation_id = '${SOLD}' and event_id = ${EVENT(second ?? first!)}`,
      ],
      new RegExp(`of the event ${second} \\d+ for \\d seats, the ledger has 0 for 0 seats`),
    ],
    [
      LEDGER_OF_A_SALE,
      [
        `update allocations set price = price + case seat_id when (select id from seats where label = '${last.label}') then 1 else -1 end
          where reservation_id = '${SOLD}' and seat_id in (select id from seats where label in ('${last.label}', '${SOLD}-1'))`,
      ],
      `of the event ${last.event} `,
    ],
  ];
  return {
    damage: second === undefined ? damage : [...damage, ...ofSeveral],
    refund: REFUND_16,
    oldRefund: OLD_REFUND,
  };
}
