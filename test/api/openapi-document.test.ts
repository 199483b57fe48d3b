import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { ApiClient } from '../support/api';
import { closeAnswers } from '../support/close-answers.cjs';
import { startSystem, type TestSystem } from '../support/system';

type Schema = Record<string, unknown>;

interface Media {
  schema: Schema;
  example?: unknown;
  examples?: Record<string, { value?: unknown; $ref?: string }>;
}

interface Response {
  headers: Record<string, { $ref?: string; schema?: Schema }>;
  content?: Record<string, Media>;
  links?: Record<string, { operationId: string; parameters: Record<string, string> }>;
}

interface Operation {
  operationId: string;
  parameters: {
    name?: string;
    in?: string;
    required?: boolean;
    schema?: Schema;
    example?: unknown;
  }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Response>;
}

interface Document {
  info: { description: string };
  paths: Record<string, Record<string, Operation>>;
  components: {
    schemas: Record<string, Schema>;
    examples: Record<string, { value: unknown }>;
    headers: Record<string, { schema: Schema }>;
  };
}

let system: TestSystem;
let api: ApiClient;
let document: Document;
let operations: Operation[];

beforeAll(async () => {
  system = await startSystem({ workers: [] });
  api = new ApiClient(system.info);
  document = (await api.openApi()) as unknown as Document;
  operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
});
afterAll(() => system.stop());

const isObject = (value: unknown): value is Schema => typeof value === 'object' && value !== null;

/** Every schema within one, itself included. */
function* schemasIn(value: unknown): Generator<Schema> {
  if (!isObject(value)) return;
  if (!Array.isArray(value)) yield value;
  for (const inner of Object.values(value)) yield* schemasIn(inner);
}

/** The names of the components that schemas refer to, at any depth. */
function reachableFrom(schemas: Schema[]): Set<string> {
  const names = new Set<string>();
  const visit = (schema: unknown): void => {
    for (const { $ref } of schemasIn(schema)) {
      const name = typeof $ref === 'string' ? $ref.replace('#/components/schemas/', '') : '';
      if (name === '' || names.has(name)) continue;
      names.add(name);
      visit(document.components.schemas[name]);
    }
  };
  visit(schemas);
  return names;
}

const mediaOf = (content: Record<string, Media> | undefined) => Object.entries(content ?? {});
const bodies = () =>
  operations.flatMap(({ requestBody }) => mediaOf(requestBody?.content).map(([, media]) => media));
const answers = () =>
  operations.flatMap(({ responses }) =>
    Object.values(responses).flatMap(({ content }) => mediaOf(content)),
  );
const componentsOf = (media: Media[]) =>
  [...reachableFrom(media.map(({ schema }) => schema))].map(
    (name) => [name, document.components.schemas[name]!] as const,
  );
const headerSchema = (response: Response, name: string): Schema | undefined => {
  const header = response.headers[name];
  const shared = header?.$ref?.replace('#/components/headers/', '');
  return shared === undefined ? header?.schema : document.components.headers[shared]?.schema;
};

/** Where an operation answers with a status, and what. */
const answersWith = (status: string) =>
  operations.flatMap(({ operationId, responses }) =>
    responses[status] ? [[operationId, responses[status]] as const] : [],
  );

describe('For generators of clients', () => {
  it('every object has a name, in title case', () => {
    const inline = [
      ...[...bodies(), ...answers().map(([, media]) => media)].map(({ schema }) => schema),
      ...Object.values(document.components.schemas).flatMap((schema) =>
        [...schemasIn(schema)].slice(1),
      ),
    ].filter(({ type, properties }) => type === 'object' && properties !== undefined);
    expect(inline).toEqual([]);
    const names = Object.keys(document.components.schemas);
    expect(names.filter((name) => !/^(?:[A-Z][a-z]+)+$/.test(name))).toEqual([]);
    expect(names).toEqual(
      expect.arrayContaining(['EventPage', 'ReservationPage', 'HeldSeat', 'Money', 'Buyer']),
    );
  });

  it('every integer says how many bits it takes', () => {
    const integers = [...schemasIn(document)].filter(({ type }) =>
      [type].flat().includes('integer'),
    );
    expect(integers.length).toBeGreaterThan(20);
    expect(integers.filter(({ format }) => format !== 'int32' && format !== 'int64')).toEqual([]);
    expect(document.components.schemas.Money!.properties).toMatchObject({
      amount: { format: 'int64' },
    });
  });

  it('no schema combines others but for null, a seat, a refund and coordinates, and no format has a pattern', () => {
    const { SeatWish, OwnSeatName, Coordinates, Cancellation, ...others } =
      document.components.schemas;
    expect(OwnSeatName!.anyOf).toMatchObject([
      { type: 'string' },
      { $ref: '#/components/schemas/OwnSeat' },
    ]);
    expect((Cancellation!.properties as Record<string, Schema>).refund!.anyOf).toMatchObject([
      { type: 'string' },
      { $ref: '#/components/schemas/RefundAmount' },
    ]);
    expect(Coordinates!.anyOf).toMatchObject([{ type: 'number' }, { type: 'array' }]);
    expect(SeatWish!.anyOf).toMatchObject([
      { type: 'string' },
      { $ref: '#/components/schemas/NamedSeat' },
    ]);
    const found = [...schemasIn(others)].filter(
      ({ oneOf, allOf, anyOf, format, pattern }) =>
        oneOf !== undefined ||
        allOf !== undefined ||
        (Array.isArray(anyOf) && (anyOf[1] as Schema | undefined)?.type !== 'null') ||
        (typeof format === 'string' && pattern !== undefined),
    );
    expect(found).toEqual([]);
  });

  it('the PDF is binary', () => {
    const { content } = document.paths['/v1/reservations/{id}/tickets.pdf']!.get!.responses[200]!;
    expect(content).toEqual({
      'application/pdf': { schema: { type: 'string', format: 'binary' } },
    });
  });
});

describe('So that the API can grow', () => {
  it('answers are open: no object is closed, and no value is fixed', () => {
    const open = componentsOf(answers().map(([, media]) => media));
    expect(open.length).toBeGreaterThan(10);
    for (const [name, schema] of open) {
      const closed = [...schemasIn(schema)].filter(
        (one) =>
          one.additionalProperties === false || one.enum !== undefined || one.const !== undefined,
      );
      expect([name, closed]).toEqual([name, []]);
    }
  });

  it('requests are closed, but for what providers and the Temporal UI send', () => {
    const ours = operations.filter(({ operationId }) => !/Webhook$|Payloads$/.test(operationId));
    const media = ours.flatMap(({ requestBody }) =>
      mediaOf(requestBody?.content).map(([, one]) => one),
    );
    expect(media.length).toBeGreaterThan(3);
    const isObject = ([name]: readonly [string, Schema]) =>
      !['SeatWish', 'OwnSeatName', 'Coordinates'].includes(name);
    for (const [name, schema] of componentsOf(media).filter(isObject))
      // A map says what its members are.
      expect([name, schema.additionalProperties]).toEqual([
        name,
        schema.properties ? false : expect.objectContaining({ type: expect.anything() as unknown }),
      ]);
  });

  it('what is not required of a request may be null, and its lists empty', () => {
    const NewReservation = document.components.schemas.NewReservation!.properties as Record<
      string,
      Schema
    >;
    expect(NewReservation.seats).toMatchObject({ type: ['array', 'null'] });
    expect(NewReservation.seats).not.toHaveProperty('minItems');
    expect(NewReservation.bestAvailable).toMatchObject({
      anyOf: [{ $ref: '#/components/schemas/BestAvailable' }, { type: 'null' }],
    });
    const OrderLine = document.components.schemas.OrderLine!.properties as Record<string, Schema>;
    expect(OrderLine.event).toMatchObject({ type: 'string' });
  });

  it('every operation has an answer for statuses to come, where a client can parse it', () => {
    const without = operations
      .filter(({ responses }) => !responses.default)
      .map(({ operationId }) => operationId);
    expect(without.sort()).toEqual(['getMetrics', 'getTicketsPdf', 'streamSeats']);
  });

  it('the rule is said', () => {
    expect(document.info.description).toMatch(/ignore fields that you do not\s+know/);
    expect(document.info.description).toContain('`null`');
  });
});

describe('The headers', () => {
  it('of every answer name the request', () => {
    for (const { operationId, responses } of operations) {
      const without = Object.keys(responses).filter(
        (status) => !headerSchema(responses[status]!, 'X-Request-Id'),
      );
      expect([operationId, without]).toEqual([operationId, []]);
    }
  });

  it.each(['202', '429', '503'])('of %s say how long to wait, as an integer', (status) => {
    expect(answersWith(status).length).toBeGreaterThan(2);
    for (const [operation, response] of answersWith(status)) {
      expect([operation, headerSchema(response, 'Retry-After')?.type]).toEqual([
        operation,
        'integer',
      ]);
    }
  });

  it('of 202 say where to look', () => {
    for (const [operation, response] of answersWith('202')) {
      expect([operation, headerSchema(response, 'Location')?.type]).toEqual([operation, 'string']);
    }
  });

  it('of 405, which every path can answer, say what is allowed', () => {
    expect(answersWith('405').length).toBe(operations.length);
    for (const [operation, response] of answersWith('405')) {
      expect([operation, headerSchema(response, 'Allow')?.type]).toEqual([operation, 'string']);
    }
  });

  it('of a request name the map that the client has', () => {
    const { parameters } = document.paths['/v1/events/{event}/seats']!.get!;
    expect(parameters).toContainEqual(
      expect.objectContaining({ name: 'If-None-Match', in: 'header', required: false }),
    );
  });
});

describe('Defaults', () => {
  it('are those that the API takes', () => {
    const { parameters } = document.paths['/v1/events']!.get!;
    expect(parameters.find(({ name }) => name === 'limit')?.schema).toMatchObject({ default: 50 });
    expect(document.components.schemas.NewEvent!.properties).toMatchObject({
      timeZone: { default: 'UTC' },
      maxSeatsPerReservation: { default: 10 },
    });
  });
});

describe('The links', () => {
  it('of a new reservation lead to all that can be done with it, by its id', () => {
    const { links = {} } = document.paths['/v1/reservations']!.post!.responses[201]!;
    const targets = Object.values(links).map(({ operationId }) => operationId);
    expect(targets).toEqual(
      expect.arrayContaining([
        'getReservation',
        'confirmReservation',
        'cancelReservation',
        'getTickets',
      ]),
    );
    for (const { operationId, parameters } of Object.values(links)) {
      const target = operations.find((operation) => operation.operationId === operationId);
      const names = target?.parameters.filter((one) => one.in === 'path').map(({ name }) => name);
      expect([operationId, Object.keys(parameters)]).toEqual([operationId, names]);
    }
  });
});

describe('The examples', () => {
  const valuesOf = ({ example, examples }: Media): unknown[] =>
    examples
      ? Object.values(examples).map(({ value, $ref }) =>
          $ref === undefined
            ? value
            : document.components.examples[$ref.replace('#/components/examples/', '')]?.value,
        )
      : [example].filter((value) => value !== undefined);

  it('are there for each body and answer, and are as their schemas say', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats(ajv);
    const text = JSON.stringify(closeAnswers(document)).replaceAll(
      '"#/components/schemas/',
      '"shared#/$defs/',
    );
    const closed = JSON.parse(text) as Document;
    ajv.addSchema({ $id: 'shared', $defs: closed.components.schemas });
    const media = Object.values(closed.paths)
      .flatMap((methods) => Object.values(methods))
      .flatMap(({ requestBody, responses }) => [requestBody, ...Object.values(responses)])
      .flatMap((one) => mediaOf(one?.content))
      .filter(([type]) => type !== 'application/pdf');
    const examples = new Map<string, [schema: Schema, value: unknown]>();
    for (const [type, one] of media) {
      expect([type, one.schema, valuesOf(one).length > 0]).toEqual([type, one.schema, true]);
      for (const value of valuesOf(one))
        examples.set(JSON.stringify([one.schema, value]), [one.schema, value]);
    }
    expect(examples.size).toBeGreaterThan(40);
    for (const [schema, value] of examples.values()) {
      ajv.validate(schema, value);
      expect([value, ajv.errorsText()]).toEqual([value, 'No errors']);
    }
  });

  it('are there for each parameter of a path, and for the key', () => {
    const needed = operations
      .flatMap(({ parameters }) => parameters)
      .filter(({ required }) => required);
    const ours = needed.filter(({ name }) => !/^(?:webhook|stripe)-/i.test(name ?? ''));
    expect(ours.length).toBeGreaterThan(10);
    expect(ours.filter(({ example }) => example === undefined)).toEqual([]);
  });

  it('of requests are accepted', async () => {
    const examplesOf = (path: string) =>
      valuesOf(Object.values(document.paths[path]!.post!.requestBody!.content)[0]!) as Record<
        string,
        unknown
      >[];
    const [event] = examplesOf('/v1/events');
    const created = await api.call('POST', '/v1/events', {
      key: system.info.keys.operator,
      // On sale, to be sold below.
      body: { ...event, salesOpenAt: null },
    });
    expect([created.status, created.body]).toEqual([
      201,
      expect.objectContaining({ slug: 'hamlet' }),
    ]);
    await api.event({ slug: 'gala' });
    const [summer] = examplesOf('/v1/codes');
    const made = await api.call('POST', '/v1/codes', {
      key: system.info.keys.operator,
      body: summer,
      headers: { 'idempotency-key': 'example-code' },
    });
    expect(made.status).toBe(201);
    const holds = examplesOf('/v1/reservations');
    expect(holds.length).toBe(3);
    for (const [index, body] of holds.entries()) {
      const headers = { 'idempotency-key': `example-${index}` };
      expect((await api.call('POST', '/v1/reservations', { body, headers })).status).toBe(201);
    }
    const [claim] = examplesOf('/v1/reservations/{id}/confirm');
    const { status } = await api.call('POST', '/v1/reservations/example-0/confirm', {
      body: claim,
    });
    expect([200, 202]).toContain(status);
  });
});
