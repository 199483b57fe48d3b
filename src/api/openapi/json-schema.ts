/** A JSON Schema, or any other object of the document. */
export type Json = Record<string, unknown>;

/**
 * A request schema is closed: unknown fields are refused. In a merge patch null is only what can be
 * cleared, in other requests also what is absent. An answer schema is open, so that fields can be
 * added.
 */
export type Direction = 'request' | 'patch' | 'answer';

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

/**
 * Removes the pattern next to a format, and several patterns under `allOf`: generators refuse them,
 * and the format is enough.
 */
function preferFormat(schema: Json): Json {
  if (typeof schema.format !== 'string') return schema;
  const { pattern: _pattern, allOf: _allOf, ...rest } = schema;
  return rest;
}

/**
 * Adds the size of an integer, and removes bounds that only repeat the size or JavaScript's limits.
 */
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

/** In a request, null and an empty list mean the same as an absent member (see `withoutAbsent`). */
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

/**
 * Converts the output of the schema library into JSON Schema that client generators for several
 * languages can read.
 */
export function tidy(schema: Json, direction: Direction): Json {
  const inner = (value: Json): Json => tidy(value, direction);
  const { properties, items, anyOf, additionalProperties: members } = schema;
  const walked: Json = {
    ...schema,
    ...(isObject(properties) && { properties: mapValues(properties, inner) }),
    ...(isObject(items) && { items: inner(items) }),
    ...(isObject(members) && { additionalProperties: inner(members) }),
    ...(Array.isArray(anyOf) && { anyOf: (anyOf as Json[]).map(inner) }),
  };
  return tidyObject(joinNull(sizeInteger(preferFormat(walked))), direction);
}
