-- A sale, or a refund or a dispute of a payment for its reservation.
create or replace function post_changed_sale() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'reservations' then
    perform post_sale(new.id);
  else
    perform post_sale(p.reservation_id) from payments p where p.id = new.payment_id and p.role <> 'unmatched';
  end if;
  return null;
end $$;
