/** The introduction of the document, in Markdown. */
export const DESCRIPTION = `
Holds, sells and delivers seats; never one seat twice. Every reservation is an actor whose id is your
\`Idempotency-Key\`. Errors are RFC 9457 problems with a stable \`code\`; lists are paged by cursor; times are UTC.

## How this API grows

Within \`/v1\`, fields, problem codes, statuses, values of a field with known values, and optional parameters may be
added at any time; nothing is taken away and no meaning changes. So answers are open: ignore fields that you do not
know, and expect values that are not listed (\`x-extensible-enum\` lists those of today). Decide about a problem by its
\`code\`; treat a code that you do not know by its status. Requests are strict: an unknown field is refused, so a
misspelt one is never ignored.

## Absence

In a body of a POST, a member that is \`null\`, or an empty list, is the same as an absent one; also where two requests
with one \`Idempotency-Key\` are compared. In an answer, what a resource does not have is \`null\`.

## Every answer

Has \`X-Request-Id\`: the id that the request gave in this header, or a new one. It is in our logs, so name it when you
ask about an answer. A method that a path does not have is answered 405 \`method_not_allowed\`, with \`Allow\`. An answer
202 means that the request was kept and will be carried out: look at \`Location\` again after \`Retry-After\` seconds.
`.trim();
