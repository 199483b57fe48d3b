import type { z } from 'zod';
import {
  allowHeader,
  authenticateHeader,
  rateLimitHeader,
  rateLimitPolicyHeader,
  requestIdHeader,
  retryAfterHeader,
} from '../headers';
import { PROBLEMS, type ProblemCode } from '../problem';
import type { ResponseSpec, Route } from '../route';
import { openEnum } from '../schemas';
import { exampleOf, type Components } from './components';
import type { Json } from './json-schema';

/** Problems that every route can answer, beyond its own. */
const COMMON: readonly ProblemCode[] = [
  'malformed_request',
  'key_not_for_browsers',
  'method_not_allowed',
  'request_timeout',
  'validation_failed',
  'headers_too_large',
  'internal',
  'temporarily_unavailable',
];

/** Headers of many answers, described once and referred to. */
const COMMON_HEADERS = {
  RequestId: requestIdHeader,
  RateLimitPolicy: rateLimitPolicyHeader,
  RateLimit: rateLimitHeader,
  RetryAfter: retryAfterHeader,
  Allow: allowHeader,
  WwwAuthenticate: authenticateHeader,
};
const common = (name: keyof typeof COMMON_HEADERS): Json => ({
  $ref: `#/components/headers/${name}`,
});

const PROBLEM_HEADERS: Record<number, Json> = {
  401: { 'WWW-Authenticate': common('WwwAuthenticate') },
  405: { Allow: common('Allow') },
  429: { 'Retry-After': common('RetryAfter') },
  503: { 'Retry-After': common('RetryAfter') },
};
/** Headers of every answer of a route. */
const everywhereIn = ({ unlimited }: Route): Json => ({
  'X-Request-Id': common('RequestId'),
  ...(!unlimited && {
    'RateLimit-Policy': common('RateLimitPolicy'),
    RateLimit: common('RateLimit'),
  }),
});

function problemCodesOf(route: Route): ProblemCode[] {
  const codes = [...route.problems, ...COMMON];
  if (!route.unlimited) codes.push('rate_limited');
  if (route.access !== 'public' && route.access !== 'provider')
    codes.push('unauthorized', 'forbidden');
  else if (route.knowsKeys) codes.push('unauthorized');
  if (route.body || route.method === 'post') codes.push('body_too_large', 'unsupported_media_type');
  return codes;
}

/** An example of each problem, by its code. */
export const problemExamples = (): Json =>
  Object.fromEntries(
    Object.keys(PROBLEMS).map((code) => [code, { value: exampleOfProblem(code as ProblemCode) }]),
  );

function exampleOfProblem(code: ProblemCode): Json {
  const [status, title] = PROBLEMS[code];
  return {
    type: `urn:holdfast:problem:${code}`,
    title,
    status,
    code,
    detail: `${title}.`,
    instance: 'urn:holdfast:request:9b2f6f0e-6a55-4c9e-a5a1-3f0c3a0f2d11',
    ...(code === 'validation_failed' && {
      errors: [{ path: 'buyer.email', message: 'must be an e-mail address' }],
    }),
    ...((code === 'seats_unavailable' || code === 'orphan_seat') && { seats: ['A-1'] }),
    ...(code === 'already_checked_in' && {
      seat: 'A-1',
      holder: 'Ada Lovelace',
      firstCheckInAt: '2030-03-14T18:31:07.123Z',
      gate: 'North',
    }),
    ...(code === 'ticket_void' && { why: 'cancelled' }),
  };
}

function headersOf(headers: Record<string, z.ZodType>, { schemaOf }: Components): Json {
  const described = Object.entries(headers).map(([name, schema]) => {
    const { description, ...rest } = schemaOf(schema, 'answer');
    return [name, { description, schema: rest, example: exampleOf(schema) }] as const;
  });
  return Object.fromEntries(described);
}

export const commonHeaders = (components: Components): Json =>
  headersOf(COMMON_HEADERS, components);

/** One event of a stream of server-sent events. */
const eventOf = (
  { names, data }: NonNullable<ResponseSpec['events']>,
  { schemaOf }: Components,
): Json => ({
  type: 'object',
  properties: {
    event: schemaOf(openEnum(names), 'answer'),
    data: {
      type: 'string',
      contentMediaType: 'application/json',
      contentSchema: schemaOf(data, 'answer'),
    },
  },
  required: ['event', 'data'],
});

function contentOf(
  { schema, contentType, alternative, events, example }: ResponseSpec,
  components: Components,
): Json | undefined {
  if (schema) {
    return {
      'application/json': {
        schema: components.schemaOf(schema, 'answer'),
        example: example ?? exampleOf(schema),
      },
      ...(alternative && {
        [alternative.contentType]: { schema: { type: 'string' }, example: alternative.example },
      }),
    };
  }
  if (contentType === undefined) return undefined;
  const text = contentType.startsWith('text/');
  return {
    [contentType]: {
      schema: text ? { type: 'string' } : { type: 'string', format: 'binary' },
      // OpenAPI 3.1 only has a schema of the whole stream. This extension is the registered
      // equivalent of 3.2's `itemSchema`.
      ...(events && { 'x-oai-itemSchema': eventOf(events, components) }),
      ...(example !== undefined && { example }),
    },
  };
}

/** The links of an answer to the calls that come next. */
const linksOf = (links: NonNullable<ResponseSpec['links']>): Json =>
  Object.fromEntries(
    Object.entries(links).map(([operationId, parameters]) => [
      operationId.charAt(0).toUpperCase() + operationId.slice(1),
      { operationId, parameters },
    ]),
  );

function successOf(route: Route, spec: ResponseSpec, components: Components): Json {
  const content = contentOf(spec, components);
  return {
    description: spec.description,
    headers: { ...everywhereIn(route), ...headersOf(spec.headers ?? {}, components) },
    ...(content && { content }),
    ...(spec.links && { links: linksOf(spec.links) }),
  };
}

function problemContent(codes: readonly ProblemCode[]): Json {
  const examples = codes.map((code) => [code, { $ref: `#/components/examples/${code}` }] as const);
  return {
    'application/problem+json': {
      schema: { $ref: '#/components/schemas/Problem' },
      ...(examples.length > 0 && { examples: Object.fromEntries(examples) }),
    },
  };
}

/**
 * All answers of a route: its own, its problems by status, and a default for statuses added later.
 */
export function responsesOf(route: Route, components: Components): Json {
  const responses: Record<string, Json> = {};
  for (const [status, spec] of Object.entries(route.responses))
    responses[status] = successOf(route, spec, components);

  const byStatus = new Map<number, Set<ProblemCode>>();
  for (const code of problemCodesOf(route)) {
    const [status] = PROBLEMS[code];
    byStatus.set(status, (byStatus.get(status) ?? new Set()).add(code));
  }
  for (const [status, codes] of byStatus) {
    responses[status] = {
      description: [...codes].map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join('; '),
      headers: {
        ...everywhereIn(route),
        ...PROBLEM_HEADERS[status],
        ...(codes.has('tickets_not_ready') && { 'Retry-After': common('RetryAfter') }),
      },
      content: problemContent([...codes]),
    };
  }
  // A generated client treats an answer whose media type it cannot read as this one, and fails to
  // parse it.
  const allJson = Object.values(route.responses).every(
    ({ contentType }) => contentType === undefined,
  );
  if (allJson) {
    responses.default = {
      description: 'A problem whose status was added later',
      headers: everywhereIn(route),
      content: problemContent([]),
    };
  }
  return responses;
}
