import type { Route } from '../../route';

const INTRODUCTION = `# Holdfast

> Holds, sells and delivers seats, and never sells one twice. An HTTP API: JSON, errors as RFC 9457 problems with a
> stable \`code\`, lists by cursor, times in UTC, amounts in minor units.

A reservation's id is the \`Idempotency-Key\` that it was made with: choose a new UUID, keep it, and send the same
request again after a lost answer, a 408, 429 or 5xx (after \`Retry-After\`). A sale: \`POST /v1/reservations\` holds
seats until \`expiresAt\`; a payment provider's webhook, or \`POST /v1/reservations/{id}/confirm\`, pays; then
\`GET /v1/reservations/{id}/tickets\` answers 409 \`tickets_not_ready\` until the tickets are printed. 202 means: kept,
look at \`Location\` after \`Retry-After\` seconds. A server uses a client's key as \`Authorization: Bearer KEY\`; a page a
publishable one (\`pk_…\`), with \`Reservation-Token\` for the reservation that it holds.

## Documents

- [OpenAPI 3.1](/openapi.json): every call with its schemas, examples and problems
- [Swagger UI](/api/docs/): the same, to try
- [ReDoc](/api/redoc/): the same, to read`;

/** `/llms.txt` (llmstxt.org): what a language model needs to know before it reads more. */
export function describeForModels(routes: readonly Route[]): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))];
  const sections = tags.map((tag) => {
    const calls = routes
      .filter((route) => route.tag === tag)
      .map(
        ({ method, path, summary, operationId }) =>
          `- [${method.toUpperCase()} ${path}](/api/docs/#/${tag}/${operationId}): ${summary}`,
      );
    return `## ${tag}\n\n${calls.join('\n')}`;
  });
  return `${[INTRODUCTION, ...sections].join('\n\n')}\n`;
}
