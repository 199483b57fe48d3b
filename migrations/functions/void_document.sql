-- Why a ticket is void: its reservation was `cancelled`, or its seat was given back by a change (`changed`).
create or replace function void_document(p_ticket uuid) returns jsonb language sql stable as $$
  select jsonb_build_object('why', coalesce(void_reason, 'cancelled')) from tickets where id = p_ticket
$$;
