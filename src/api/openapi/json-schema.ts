/** A JSON Schema, or any other object of the document. */
export type Json = Record<string, unknown>;

/** Whether a schema is of what clients send (strict) or of what they get (open, so that it can grow). */
export type Direction = 'request' | 'answer';

const MAX_INT32 = 2_147_483_647;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const mapValues = (object: Json, change: (value: Json) => Json): Json =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value as Json)]));

/** Adds `null` to what a schema allows. */
function nullable(schema: Json): Json {
  const { type, $ref, enum: values } = schema;
  if (typeof $ref === 'string') {
    const { $ref: _, ...rest } = schema;
    return { ...rest, anyOf: [{ $ref }, { type: 'null' }] };
  }
  if (typeof type !== 'string') return schema;
  return {
    ...schema,
    type: [type, 'null'],
    ...(Array.isArray(values) && { enum: [...(values as unknown[]), null] }),
  };
}

/** Makes `type: [X, "null"]` of `anyOf: [X, null]` where X is no reference: more generators read it. */
function joinNull(schema: Json): Json {
  const { anyOf, ...rest } = schema;
  if (!Array.isArray(anyOf) || anyOf.length !== 2) return schema;
  const [some, none] = anyOf as [Json, Json];
  return none.type === 'null' && some.$ref === undefined ? nullable({ ...some, ...rest }) : schema;
}

/** A format says enough: its pattern, and several of them under `allOf`, are what generators refuse. */
function preferFormat(schema: Json): Json {
  if (typeof schema.format !== 'string') return schema;
  const { pattern: _pattern, allOf: _allOf, ...rest } = schema;
  return rest;
}

/** Says how many bits an integer takes, and leaves out bounds that are only those of its size or of JavaScript. */
function sizeInteger(schema: Json): Json {
  if (schema.type !== 'integer') return schema;
  const { minimum, maximum, ...rest } = schema;
  const bounded = minimum !== Number.MIN_SAFE_INTEGER;
  return {
    ...rest,
    format: typeof maximum === 'number' && maximum <= MAX_INT32 ? 'int32' : 'int64',
    ...(bounded && { minimum }),
    ...(bounded && maximum !== MAX_INT32 && { maximum }),
  };
}

/** In a request, absence can also be said with null, and that of a list with an empty one (see `withoutAbsent`). */
function allowAbsence(schema: Json): Json {
  const required = (schema.required ?? []) as string[];
  const optional = ({ default: value, minItems: _, ...property }: Json): Json =>
    nullable({ ...property, ...(value != null && { default: value }) });
  const properties = Object.entries(schema.properties as Record<string, Json>).map(
    ([name, property]) => [name, required.includes(name) ? property : optional(property)] as const,
  );
  return { ...schema, properties: Object.fromEntries(properties) };
}

/** Closes the objects of requests and opens those of answers. */
function tidyObject(schema: Json, direction: Direction): Json {
  if (schema.type !== 'object') return schema;
  const { additionalProperties: others, propertyNames: _, ...rest } = schema;
  const anything = isObject(others) && Object.keys(others).length === 0;
  const open = others === undefined || (direction === 'answer' && others === false);
  const tidied: Json = {
    ...rest,
    ...(!open && { additionalProperties: anything ? true : others }),
  };
  return direction === 'request' && tidied.properties ? allowAbsence(tidied) : tidied;
}

/** Rewrites what the schema library makes into what client generators of several languages read. */
export function tidy(schema: Json, direction: Direction): Json {
  const inner = (value: Json): Json => tidy(value, direction);
  const { properties, items, anyOf } = schema;
  const walked: Json = {
    ...schema,
    ...(isObject(properties) && { properties: mapValues(properties, inner) }),
    ...(isObject(items) && { items: inner(items) }),
    ...(Array.isArray(anyOf) && { anyOf: (anyOf as Json[]).map(inner) }),
  };
  return tidyObject(joinNull(sizeInteger(preferFormat(walked))), direction);
}
