-- Up Migration

-- How many holds were ever taken: `hold_order` and `hold_orders` count, and relays read how fast they come. The entries
-- of the outbox would not say, as payments are among them.
create sequence holds_ever;
