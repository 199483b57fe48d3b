import type { z } from 'zod';
import { requestIdParameter, reservationTokenParameter } from '../headers';
import type { Route } from '../route';
import { problem } from '../schemas';
import { createComponents, exampleOf, type Components } from './components';
import { DESCRIPTION } from './description';
import type { Json } from './json-schema';
import { commonHeaders, problemExamples, responsesOf } from './responses';

const TAGS = [
  'Events',
  'Reservations',
  'Changes',
  'Tickets',
  'Payments',
  'Feed',
  'Outbox',
  'Webhooks',
  'Tests',
  'Health',
];
const REQUEST_ID_PARAMETER = { $ref: '#/components/parameters/RequestId' };
const TOKEN_PARAMETER = { $ref: '#/components/parameters/ReservationToken' };

/** Whether a page may make the call, of the reservation whose token it has. */
const takesToken = ({ access, path }: Route): boolean =>
  access.includes('publishable') && path.includes('{id}');

function parameterOf(
  name: string,
  where: string,
  schema: z.ZodType,
  { schemaOf }: Components,
): Json {
  const { description, ...rest } = schemaOf(schema, 'request');
  const example = exampleOf(schema);
  const absent = schema.safeParse(undefined);
  return {
    name,
    in: where,
    required: !absent.success,
    ...(description !== undefined && { description }),
    schema: { ...rest, ...(absent.data !== undefined && { default: absent.data }) },
    ...(example !== undefined && { example }),
  };
}

/** The parameters of one place, from an object schema. */
const parametersIn = (
  where: string,
  schema: z.ZodType | undefined,
  components: Components,
): Json[] =>
  Object.entries((schema as z.ZodObject | undefined)?.shape ?? {}).map(([name, one]) =>
    parameterOf(name, where, one as z.ZodType, components),
  );

function parametersOf(route: Route, components: Components): Json[] {
  const headers = Object.entries(route.headers ?? {}).map(([name, schema]) =>
    parameterOf(name, 'header', schema, components),
  );
  return [
    ...parametersIn('path', route.params, components),
    ...parametersIn('query', route.query, components),
    ...headers,
    ...(takesToken(route) ? [TOKEN_PARAMETER] : []),
    REQUEST_ID_PARAMETER,
  ];
}

function bodyOf(
  { body, bodyExamples, bodyOptional = false, method, otherBody }: Route,
  { schemaOf }: Components,
): Json | undefined {
  if (!body) return undefined;
  const examples =
    bodyExamples && Object.entries(bodyExamples).map(([name, value]) => [name, { value }] as const);
  const media = {
    schema: schemaOf(body, method === 'patch' ? 'patch' : 'request'),
    ...(examples ? { examples: Object.fromEntries(examples) } : { example: exampleOf(body) }),
  };
  const types = [
    'application/json',
    ...(method === 'patch' ? ['application/merge-patch+json'] : []),
  ];
  const content = Object.fromEntries(types.map((type) => [type, media]));
  if (!otherBody) return { required: !bodyOptional, content };
  const { contentType, example } = otherBody;
  return {
    required: !bodyOptional,
    content: { ...content, [contentType]: { schema: { type: 'string' }, example } },
  };
}

function securityOf({ access, knowsKeys }: Route): Json[] {
  if (knowsKeys) return [{}, { apiKey: [] }];
  return access === 'public' || access === 'provider' ? [] : [{ apiKey: [] }];
}

function rolesOf({ access, knowsKeys }: Route): string {
  if (knowsKeys) return 'No key is needed; one that is sent has to be a good one.';
  if (access === 'public') return 'No key is needed.';
  if (access === 'provider') return 'No key; the signature proves the sender.';
  return `Takes a key of the role ${[...new Set([...access, 'operator'])].join(' or ')}.`;
}

function operationOf(route: Route, components: Components): Json {
  const requestBody = bodyOf(route, components);
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, rolesOf(route)].filter(Boolean).join('\n\n'),
    security: securityOf(route),
    parameters: parametersOf(route, components),
    ...(requestBody && { requestBody }),
    responses: responsesOf(route, components),
  };
}

/** Makes the OpenAPI 3.1 document from the routes and from the schemas that validate requests. */
export function createOpenApi(routes: readonly Route[]): Json {
  const components = createComponents();
  // Every operation refers to this schema, so it is a component even if no route names it.
  components.schemaOf(problem, 'answer');
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, components) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Holdfast',
      version: '1.0.0',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: DESCRIPTION,
    },
    servers: [{ url: '/' }],
    tags: TAGS.filter((name) => routes.some(({ tag }) => tag === name)).map((name) => ({ name })),
    paths,
    components: {
      schemas: components.schemas,
      examples: problemExamples(),
      headers: commonHeaders(components),
      parameters: {
        RequestId: parameterOf('X-Request-Id', 'header', requestIdParameter, components),
        ReservationToken: parameterOf(
          'Reservation-Token',
          'header',
          reservationTokenParameter,
          components,
        ),
      },
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key' } },
    },
  };
}
