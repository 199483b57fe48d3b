// Prints src/openapi.ts for an OpenAPI document: its types, the codes of its problems, and the calls that take an
// idempotency key. `UPDATE_CLIENT=1 npx jest test/clients/types` renews the file from the routes.
import { readFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';

const document = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const keyed = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    .filter(([, { parameters }]) => parameters.some(({ name }) => name === 'Idempotency-Key'))
    .map(([method]) => `${method.toUpperCase()} ${path}`),
);

const LEFT_OUT = ['example', 'examples', 'links'];
/** What a caller needs of the document: problems are one type, and headers are the client's business. */
const prune = (value) => {
  if (Array.isArray(value)) return value.map(prune);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !LEFT_OUT.includes(name))
      .map(([name, member]) => [name, prune(member)]),
  );
};
function pruneOperation({ parameters, responses, ...operation }) {
  const successes = Object.entries(responses)
    .filter(([status]) => status.startsWith('2'))
    .map(([status, { description, content }]) => [
      status,
      { description, ...(content && { content }) },
    ]);
  return {
    ...operation,
    parameters: parameters.filter((one) => one.in === 'path' || one.in === 'query'),
    responses: Object.fromEntries(successes),
  };
}
const pruned = prune({
  ...document,
  paths: Object.fromEntries(
    Object.entries(document.paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, pruneOperation(operation)]),
      ),
    ]),
  ),
  components: { schemas: document.components.schemas },
});
const list = (texts) => texts.map((text) => `  ${JSON.stringify(text)},`).join('\n');

process.stdout.write(`// Made from the OpenAPI document by generate.mjs: do not edit.

${astToString(await openapiTS(pruned, { defaultNonNullable: false }))}
/** The codes of problems. */
export const PROBLEM_CODES = [
${list(Object.keys(document.components.examples))}
] as const;

/** The calls that take an \`Idempotency-Key\`. */
export const KEYED_CALLS: readonly string[] = [
${list(keyed)}
];
`);
