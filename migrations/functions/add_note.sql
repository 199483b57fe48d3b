-- Writes a note for the operator, once. Repeating the same note adds nothing, even after it was
-- closed.
create or replace function add_note(p_kind text, p_reservation text, p_reference text, p_data jsonb)
returns void language sql as $$
  insert into notes (kind, reservation_id, reference, data, occasion)
  values (p_kind, p_reservation, p_reference, p_data,
          sha256(convert_to(jsonb_build_array(p_kind, p_reservation, p_reference, p_data)::text, 'UTF8')))
  on conflict (occasion) do nothing
$$;
