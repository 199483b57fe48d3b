-- A JSON list as an array of texts, in its order; null for none.
create or replace function jsonb_texts(p_list jsonb) returns text[] language sql immutable parallel safe as $$
  select case when jsonb_typeof(p_list) = 'array' then array(select * from jsonb_array_elements_text(p_list)) end
$$;
