import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from './problem';
import type { Route } from './route';
import { problem } from './schemas';

type Json = Record<string, unknown>;

/** Problems that every route of a kind can answer, beyond its own. */
function commonProblems(route: Route): ProblemCode[] {
  const codes: ProblemCode[] = [
    'validation_failed',
    'rate_limited',
    'temporarily_unavailable',
    'internal',
    'malformed_request',
    'request_timeout',
    'headers_too_large',
  ];
  if (route.access !== 'public' && route.access !== 'provider') codes.push('unauthorized', 'forbidden');
  if (route.method === 'post') codes.push('body_too_large', 'unsupported_media_type');
  return codes;
}

/** Makes the OpenAPI 3.1 document from the routes and the very schemas that validate. */
export function createOpenApi(routes: readonly Route[]): Json {
  const components: Json = {};

  function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
    const json = z.toJSONSchema(schema, {
      target: 'draft-2020-12',
      io,
      unrepresentable: 'any',
      reused: 'inline',
    }) as Json;
    delete json.$schema;
    const { $defs, ...rest } = json as Json & { $defs?: Json };
    for (const [name, definition] of Object.entries($defs ?? {})) components[name] = definition;
    delete rest.id;
    return rest;
  }

  const parametersOf = (route: Route): Json[] => {
    const from = (schema: z.ZodType | undefined, where: string) => {
      if (!schema) return [];
      const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
        properties?: Record<string, Json>;
        required?: string[];
      };
      return Object.entries(properties).map(([name, { description, ...rest }]) => ({
        name,
        in: where,
        required: where === 'path' || required.includes(name),
        ...(description !== undefined && { description }),
        schema: rest,
      }));
    };
    const headers = Object.entries(route.headers ?? {}).map(([name, { description, required, schema }]) => ({
      name,
      in: 'header',
      required,
      description,
      schema: schemaOf(schema, 'input'),
    }));
    return [...from(route.params, 'path'), ...from(route.query, 'query'), ...headers];
  };

  const responsesOf = (route: Route): Json => {
    const responses: Record<string, Json> = {};
    for (const [status, spec] of Object.entries(route.responses)) {
      const headers = Object.entries(spec.headers ?? {}).map(
        ([name, description]) => [name, { description, schema: { type: 'string' } }] as const,
      );
      responses[status] = {
        description: spec.description,
        ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
        ...(spec.schema && { content: { 'application/json': { schema: schemaOf(spec.schema, 'output') } } }),
        ...(spec.contentType !== undefined && { content: { [spec.contentType]: { schema: {} } } }),
      };
    }
    const byStatus = new Map<number, Set<ProblemCode>>();
    for (const code of [...route.problems, ...commonProblems(route)]) {
      const [status] = PROBLEMS[code];
      byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
    }
    for (const [status, codes] of [...byStatus].sort(([a], [b]) => a - b)) {
      responses[status] = {
        description: [...codes].map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join('; '),
        ...((status === 429 || status === 503) && {
          headers: { 'Retry-After': { description: 'Seconds', schema: { type: 'string' } } },
        }),
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      };
    }
    return responses;
  };

  const securityOf = ({ access }: Route): Json[] =>
    access === 'public' || access === 'provider' ? [] : [{ apiKey: [] }];

  const rolesOf = ({ access }: Route): string => {
    if (access === 'public') return 'No key is needed.';
    if (access === 'provider') return 'No key; the signature proves the sender.';
    return `Takes a key of the role ${[...access, 'operator'].filter((role, index, all) => all.indexOf(role) === index).join(' or ')}.`;
  };

  // Every operation refers to it by name, so it is put among the components even if no route names it.
  schemaOf(problem, 'output');
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const parameters = parametersOf(route);
    paths[route.path] = {
      ...paths[route.path],
      [route.method]: {
        operationId: route.operationId,
        tags: [route.tag],
        summary: route.summary,
        description: [route.description, rolesOf(route)].filter(Boolean).join('\n\n'),
        security: securityOf(route),
        ...(parameters.length > 0 && { parameters }),
        ...(route.body && {
          requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body, 'input') } } },
        }),
        responses: responsesOf(route),
      },
    };
  }

  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Holds, sells and delivers seats; never one seat twice. Every reservation is an actor whose id is your `Idempotency-Key`. Errors are RFC 9457 problems with a stable `code`; lists are paged by cursor; times are UTC.',
    },
    servers: [{ url: '/' }],
    tags: ['Events', 'Reservations', 'Tickets', 'Payments', 'Webhooks', 'Health'].map((name) => ({ name })),
    paths,
    components: {
      schemas: components,
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key' } },
    },
  };
  // The schema library names shared schemas in its own place.
  return JSON.parse(JSON.stringify(document).replaceAll('#/$defs/', '#/components/schemas/')) as Json;
}
