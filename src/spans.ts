import {
  context,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type TextMapGetter,
} from '@opentelemetry/api';

/** Where tracing is off, this is the API of OpenTelemetry without an implementation: it does nothing. */
const tracer = trace.getTracer('holdfast');

async function carriedOut<Result>(
  span: Span,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(span);
  } catch (error) {
    // No message: it may quote what a client, a provider or a mail server wrote.
    span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).name });
    throw error;
  } finally {
    span.end();
  }
}

/**
 * Does a call to the outside as a part of the trace that is under way; without one there is no span.
 * @param attributes never personal data
 */
export async function inSpan<Result>(
  name: string,
  attributes: Attributes,
  work: () => Promise<Result>,
): Promise<Result> {
  if (trace.getActiveSpan() === undefined) return work();
  return tracer.startActiveSpan(name, { kind: SpanKind.CLIENT, attributes }, (span) =>
    carriedOut(span, work),
  );
}

/** Serves a request, as a part of the caller's trace if its headers name one. */
export function inRequestSpan<Headers, Result>(
  headers: Headers,
  getter: TextMapGetter<Headers>,
  work: (span: Span) => Promise<Result>,
): Promise<Result> {
  const caller = propagation.extract(ROOT_CONTEXT, headers, getter);
  return tracer.startActiveSpan('request', { kind: SpanKind.SERVER }, caller, (span) =>
    carriedOut(span, work),
  );
}

/** Goes on with a trace that was kept. @param traceparent null: there is none, and no span */
export function inTraceOf<Result>(
  traceparent: string | null,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  if (traceparent === null) return work();
  const kept = propagation.extract(ROOT_CONTEXT, { traceparent });
  return tracer.startActiveSpan(name, { kind: SpanKind.CONSUMER }, kept, (span) =>
    carriedOut(span, work),
  );
}

const active = () => {
  const current = trace.getSpan(context.active())?.spanContext();
  return current && isSpanContextValid(current) ? current : undefined;
};

/** What is under way, to be kept with work for later; undefined where nothing is recorded. */
export function currentTraceparent(): string | undefined {
  const current = active();
  if (!current || (current.traceFlags & TraceFlags.SAMPLED) === 0) return undefined;
  return `00-${current.traceId}-${current.spanId}-01`;
}

/** For a line of the log, by the names that OpenTelemetry gives them. */
export function traceIds(): { trace_id?: string; span_id?: string } {
  const current = active();
  return current ? { trace_id: current.traceId, span_id: current.spanId } : {};
}

/** The same of a trace that was kept. */
export const traceIdOf = (traceparent: string | null): { trace_id?: string } =>
  traceparent === null ? {} : { trace_id: traceparent.slice(3, 35) };
