-- Up Migration

-- Why the last try failed of a mail that is still owed: what the mail server said, without addresses.
alter table mails add column last_error text;

-- Few, and read by every scrape of the metrics.
create index mails_refused on mails (reservation_id) where refused is not null;
