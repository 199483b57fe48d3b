import { createServer, type Server } from 'node:http';
import { readdirSync, readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { randomBytes, randomUUID } from 'node:crypto';
import { ApiClient, eventually, type Reservation } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

interface Span {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  name: string;
  service: string;
  attributes: string;
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: { key: string; value: { stringValue: string } }[] };
    scopeSpans: {
      spans: {
        traceId: Buffer;
        spanId: Buffer;
        parentSpanId: Buffer | null;
        name: string;
        attributes: unknown;
      }[];
    }[];
  }[];
}
// The exporter's own form of the protocol's messages.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { opentelemetry } = require('@opentelemetry/otlp-transformer/build/src/generated/root') as {
  opentelemetry: {
    proto: {
      collector: {
        trace: { v1: { ExportTraceServiceRequest: { decode(b: Buffer): ExportRequest } } };
      };
    };
  };
};
const { ExportTraceServiceRequest } = opentelemetry.proto.collector.trace.v1;

const spans: Span[] = [];
/** Of a span without a parent: nothing. */
const hex = (bytes: Uint8Array | null): string => Buffer.from(bytes ?? []).toString('hex');

/** A collector that takes traces by OTLP over HTTP, as OTEL_EXPORTER_OTLP_ENDPOINT names one. */
function startCollector(): Promise<Server> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const { resourceSpans } = ExportTraceServiceRequest.decode(Buffer.concat(parts));
      for (const { resource, scopeSpans } of resourceSpans) {
        const named = resource.attributes.find(({ key }) => key === 'service.name');
        for (const span of scopeSpans.flatMap((scope) => scope.spans))
          spans.push({
            traceId: hex(span.traceId),
            spanId: hex(span.spanId),
            parentSpanId: hex(span.parentSpanId),
            name: span.name,
            service: named?.value.stringValue ?? '',
            attributes: JSON.stringify(span.attributes),
          });
      }
      response.writeHead(request.url === '/v1/traces' ? 200 : 404).end();
    });
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

let collector: Server;
let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  collector = await startCollector();
  const { port } = collector.address() as AddressInfo;
  system = await startSystem({
    childEnv: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: '500',
    },
  });
  api = new ApiClient(system.info);
});
afterAll(async () => {
  await system.stop();
  collector.close();
});

/** A trace that a client has begun. */
function begun(): { traceId: string; headers: Record<string, string> } {
  const traceId = hex(randomBytes(16));
  const traceparent = `00-${traceId}-${hex(randomBytes(8))}-01`;
  return { traceId, headers: { traceparent, baggage: 'secret=what-a-client-carries' } };
}
const namesOf = (traceId: string) =>
  spans.filter((span) => span.traceId === traceId).map(({ name, service }) => `${service} ${name}`);
const untilTraced = (traceId: string, names: string[]) =>
  eventually(() => expect(namesOf(traceId)).toEqual(expect.arrayContaining(names)));

describe('With OTEL_EXPORTER_OTLP_ENDPOINT, a client’s trace goes on', () => {
  const buyer = { name: 'Ophelia Nováková', email: 'ophelia@example.org' };
  const hold = begun();
  const pay = begun();
  const cancel = begun();
  const id = randomUUID();

  it('through the API, SQL, the outbox, the workflow and its activities to the mail server', async () => {
    const event = await api.event();
    const { body, status } = await api.call<Reservation>('POST', '/v1/reservations', {
      body: { event, seats: ['A-1'], buyer },
      headers: { ...hold.headers, 'idempotency-key': id },
    });
    expect(status).toBe(201);
    await untilTraced(hold.traceId, [
      'holdfast-api POST /v1/reservations',
      'holdfast-worker outbox start',
      'holdfast-worker StartWorkflow:reservation',
      'holdfast-worker RunActivity:holdSeats',
    ]);
    expect(
      namesOf(hold.traceId).filter((name) => name.startsWith('holdfast-api sql ')),
    ).not.toEqual([]);

    const reference = `pay-${id}`;
    await api.call('POST', `/v1/reservations/${id}/confirm`, {
      body: { payment: { reference, ...body.total } },
      headers: pay.headers,
    });
    await api.until(id, 'confirmed');
    await untilTraced(pay.traceId, [
      'holdfast-api POST /v1/reservations/:id/confirm',
      'holdfast-worker outbox ring',
      'holdfast-worker SignalWorkflow:ring',
      'holdfast-worker RunActivity:settleInbox',
      'holdfast-worker RunActivity:renderTickets',
      'holdfast-worker RunActivity:sendMail',
      'holdfast-worker smtp send',
    ]);
  });

  it('of a cancelled sale to the provider that gives the money back', async () => {
    const sale = await api.held(await api.event(), ['A-1']);
    await api.pay(sale);
    await api.until(sale.id, 'confirmed');
    const answer = await api.cancel(sale.id, {
      headers: cancel.headers,
    });
    expect(answer.status).toBe(200);
    await untilTraced(cancel.traceId, [
      'holdfast-api POST /v1/reservations/:id/cancel',
      'holdfast-worker RunActivity:settleInbox',
      'holdfast-worker StartWorkflow:refundOrder',
      'holdfast-worker RunActivity:carryOutRefund',
      'holdfast-worker refund by test',
    ]);
  });

  it('as one tree, from the span that the client named', async () => {
    for (const { traceId, headers } of [hold, pay, cancel])
      // A span is sent when it ends, in the next batch of its process: after its children.
      await eventually(() => {
        const known = new Set(spans.map(({ spanId }) => spanId));
        const roots = spans
          .filter((span) => span.traceId === traceId && !known.has(span.parentSpanId))
          .map(({ parentSpanId }) => parentSpanId);
        expect(new Set(roots)).toEqual(new Set([headers.traceparent!.split('-')[2]]));
      });
  });

  it('and is named in the lines of the logs, of API, relay and activities', async () => {
    const messages = () =>
      readdirSync(system.stack.logFolder)
        .filter((file) => /^(api|worker)/.test(file))
        .flatMap((file) => readFileSync(join(system.stack.logFolder, file), 'utf8').split('\n'))
        .filter((line) => line.includes(pay.traceId) && line.endsWith('}'))
        .map((line) => (JSON.parse(line) as { msg: string }).msg);
    await eventually(() =>
      expect(messages()).toEqual(
        expect.arrayContaining([
          'request',
          'Temporal was told',
          'activity done',
          'a mail was sent',
        ]),
      ),
    );
  });

  it('without a name, an address, a client’s baggage or a probe in any span, or baggage in Temporal', async () => {
    const told = JSON.stringify(spans);
    for (const secret of [buyer.name, buyer.email, 'what-a-client-carries', '/readyz', '/livez'])
      expect(told).not.toContain(secret);
    const { events } = await system.temporal.workflow.getHandle(id).fetchHistory();
    const headers = (events ?? []).flatMap(
      (one) =>
        one.workflowExecutionStartedEventAttributes?.header?.fields?.['_tracer-data']?.data ?? [],
    );
    expect(headers.map((data) => Buffer.from(data).toString())).toEqual([
      expect.stringMatching(
        new RegExp(`^\\{"traceparent":"00-${hold.traceId}-[0-9a-f]{16}-01"\\}$`),
      ),
    ]);
  });
});
