const EVENT_STREAM = 'text/event-stream';
const ITEM_SCHEMA = 'x-oai-itemSchema';

/** @param {Record<string, any>} schema */
function close(schema) {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== 'object' || schema === null) return schema;
  const closed = Object.fromEntries(
    Object.entries(schema).map(([name, value]) => [name, close(value)]),
  );
  if (closed.type === 'object' && closed.properties) closed.additionalProperties ??= false;
  const known = closed['x-extensible-enum'];
  if (Array.isArray(known)) closed.enum = Array.isArray(closed.type) ? [...known, null] : known;
  return closed;
}

/**
 * An OpenAPI document in which answers are closed: no other fields, no other values, no other statuses than the
 * document names. Clients have to expect others; a test has to find them.
 */
exports.closeAnswers = function closeAnswers(document) {
  const closed = JSON.parse(JSON.stringify(document));
  closed.components.schemas = close(closed.components.schemas);
  for (const operations of Object.values(closed.paths)) {
    for (const { responses } of Object.values(operations)) {
      delete responses.default;
      for (const { content = {} } of Object.values(responses)) {
        const stream = content[EVENT_STREAM];
        if (stream) stream[ITEM_SCHEMA] = close(stream[ITEM_SCHEMA]);
      }
    }
  }
  return closed;
};
