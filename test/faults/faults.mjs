// Deliberate faults, each a plausible bug, and the test that must turn red with it. Texts instead of line numbers, so
// that a fault survives when its code moves; `run.mjs` finds the file.
//
// find, replace  the code, which must occur exactly once in `src` and `migrations/functions`; runs of white space are
//                equal
// file           the end of its path, where the text alone is not enough
// test           the title of the test that must fail, as it is written in its file
// says           what the failure must say, so that a test that fails for another reason does not count

export const faults = [
  {
    name: 'no-pin',
    why: 'A payment recorded in time does not stop the hold from ending: the seats go to somebody else.',
    file: 'functions/record_payment.sql',
    find: 'if v_matches then perform pin_hold(p_reservation); end if;',
    replace: '',
    test: 'a payment in time keeps its hold past the end, and a hold that nobody paid ends all the same',
    says: 'Received: "expired"',
  },
  {
    name: 'hold-does-not-look-after-the-lock',
    why: 'Two buyers who come for one seat at once both believe that it is free.',
    file: 'functions/hold_seats.sql',
    find: `bool_and(status = 'available') as free from locked`,
    replace: 'bool_or(true) as free from locked',
    test: 'no seat has two owners, no money is lost and no sale is half',
    says: 'allocations_one_owner_per_seat',
  },
  {
    name: 'release-without-owner-fence',
    why: 'The end of an old hold frees seats that another buyer has taken since.',
    find: 'reservation_id = null, hold_ends_at = null where id = any (v_seats) and reservation_id = p_reservation;',
    replace: 'reservation_id = null, hold_ends_at = null where id = any (v_seats);',
    test: 'the end of a hold leaves alone the seats that another buyer has taken since',
    says: '"status": "available"',
  },
  {
    name: 'refund-key-without-reference',
    why: 'The provider takes the second refund of all for a repetition of the first: money is kept.',
    find: 'idempotencyKey: `refund:${reference}:${amount}`',
    replace: "idempotencyKey: 'refund'",
    test: 'refunds the amount of each payment under a key of its own, the same at every try',
    says: 'refund:',
  },
  {
    name: 'payment-without-outbox-row',
    why: 'A payment is recorded and nobody is told: the reservation is not confirmed until the sweep comes by.',
    file: 'functions/record_payment.sql',
    find: `insert into outbox (kind, subject) values ('ring', p_reservation);`,
    replace: '',
    test: 'is rung for %s',
    says: '"kind": "ring"',
  },
  {
    name: 'inbox-read-past-a-cursor',
    why: 'Ids commit out of order: what commits after a higher id was handled is never handled.',
    find: 'where i.reservation_id = $1 and i.handled_at is null order by i.id',
    replace: `where i.reservation_id = $1 and i.id > coalesce((select max(h.id) from inbox h
      where h.reservation_id = $1 and h.handled_at is not null), 0) order by i.id`,
    test: 'a payment that commits after a later one was handled is handled too',
    says: 'unhandled mail',
  },
  {
    name: 'cancel-leaves-tickets-valid',
    why: 'A cancelled and refunded sale still lets people in.',
    find: `update tickets set status = 'void' where reservation_id = $1`,
    replace: `update tickets set status = 'void' where reservation_id = $1 and false`,
    test: 'of a confirmed one voids the tickets, frees the seats and refunds the payment, once',
    says: '"valid"',
  },
  {
    name: 'replay-for-any-client',
    why: 'Another client who guesses a key reads the reservation with its buyer.',
    file: 'functions/replay_of.sql',
    find: 'v_known.client is distinct from p_client or',
    replace: '',
    test: 'is refused to another client, who learns nothing of the reservation',
    says: 'idempotency_key_reused',
  },
  {
    name: 'confirm-of-any-amount',
    why: 'A confirm with a wrong amount is recorded as a payment instead of being refused.',
    file: 'functions/record_payment.sql',
    find: 'if not v_matches or',
    replace: 'if',
    test: 'with %s is refused; the reservation stays held, and nothing is recorded',
    says: '"amount": 4499',
  },
  {
    name: 'expiry-without-history',
    why: 'A hold ends and its history does not say so; disputes are settled by the history.',
    find: `await appendHistory(tx, id, 'reservation.expired', 'system');`,
    replace: '',
    test: 'finds nothing wrong with a living system, and says what it looked at',
    says: "✗ a history begins with the hold, goes a legal way and ends at the reservation's status",
  },
  {
    name: 'message-id-made-anew',
    why: 'A mail repeated after a crash is a second mail to the buyer, not the same one.',
    find: "sequence === 0 ? 'Your tickets' : 'Your tickets again'}: ${headerText(event.name)}`, messageId,",
    replace: "sequence === 0 ? 'Your tickets' : 'Your tickets again'}: ${headerText(event.name)}`,",
    test: 'keeps the Message-ID it was given, a new one for each sending',
    says: 'tickets',
  },
  {
    name: 'check-in-of-a-used-ticket',
    why: 'One ticket lets in everybody who has a copy of it.',
    find: `where code = $1 and status = 'valid'`,
    replace: `where code = $1 and status <> 'void'`,
    test: 'lets a ticket in, once',
    says: 'already_checked_in',
  },
];
