import type { Check } from './check';

/** Checks of the feed, and of what is sent from it. */
export const feedChecks: readonly Check[] = [
  {
    name: 'what happened is in the feed within a minute',
    why: 'readers and webhooks would not hear of it',
    kind: 'queue',
    over: 'history',
    // Older entries may be deleted from the feed again.
    sql: `select h.id::text, format('%s of %s at %s has no number', h.type, coalesce(h.reservation_id, h.event_id::text), h.at) as detail
            from history h
           where h.id > (select began_after from feed_head) and h.at < now() - interval '1 minute' and h.at > now() - interval '89 days'
             and not exists (select from feed f where f.history_id = h.id) order by h.id`,
  },
  {
    name: "the feed's numbers have no gap, and its head is the last one",
    why: 'a reader would miss an entry, or read a number twice',
    kind: 'invariant',
    over: 'feed',
    sql: `select 'feed' as id, format('%s to %s are %s numbers; the head is %s, and %s is deleted', f.first, f.last, f.count, h.sequence, h.truncated_to) as detail
            from feed_head h, (select min(sequence) as first, max(sequence) as last, count(*) as count from feed) f
           where coalesce(f.first, h.sequence + 1) <> h.truncated_to + 1 or f.count <> h.sequence - h.truncated_to
              or f.last > h.sequence
              or h.mark <> coalesce((select mark from feed where sequence = h.sequence), h.truncated_mark)`,
  },
  {
    name: 'of what waits for a webhook endpoint the first of each reservation is due, alone',
    why: 'a receiver would hear of changes out of order, or no more',
    kind: 'invariant',
    over: `webhook_deliveries where status = 'pending'`,
    sql: `select endpoint_id::text as id, format('of %s wait %s; due: %s, the first: %s', subject, count(*), string_agg(sequence::text, ', ') filter (where next_attempt_at is not null), min(sequence)) as detail
            from webhook_deliveries where status = 'pending' group by endpoint_id, subject
          having count(next_attempt_at) <> 1 or min(sequence) <> min(sequence) filter (where next_attempt_at is not null)`,
  },
  {
    name: 'what is due to a webhook endpoint is being sent',
    why: 'a shop waits for news',
    kind: 'task',
    over: `webhook_deliveries where status = 'pending'`,
    sql: `select e.id::text, format('%s deliveries are due since %s, and no workflow is sending them', count(*), min(d.next_attempt_at)) as detail,
                 array['webhooks:' || e.id] as workflows
            from webhook_endpoints e join webhook_deliveries d on d.endpoint_id = e.id
           where e.status = 'enabled' and d.status = 'pending' and d.next_attempt_at < now() - interval '5 minutes'
             and not exists (select from outbox o where o.subject = e.id::text)
           group by e.id`,
  },
];
