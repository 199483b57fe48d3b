import { SettingsError } from './config';
import type { Logger } from './logger';

/** What Temporal's client and worker need to be a part of traces. */
export type Tracing = Awaited<ReturnType<typeof start>>;

/**
 * Starts OpenTelemetry as its standard environment says: on where OTEL_EXPORTER_OTLP_ENDPOINT or
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT names a collector. Where it is off, none of its code is loaded
 * but the empty API.
 * @param service the name of the service, unless OTEL_SERVICE_NAME gives one
 * @throws SettingsError for what only other exporters could do
 */
export async function startTracing(service: string, log: Logger): Promise<Tracing | null> {
  const { env } = process;
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (!endpoint || env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return null;
  if (env.OTEL_TRACES_EXPORTER === 'none') return null;
  const protocol = env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL;
  if (protocol && protocol !== 'http/protobuf')
    throw new SettingsError(
      `Setting OTEL_EXPORTER_OTLP_PROTOCOL cannot be used: traces are sent by http/protobuf, not "${protocol}"`,
    );
  return start(service, log);
}

async function start(service: string, log: Logger) {
  const [api, core, resources, node, otlp, temporal] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/core'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
    import('@temporalio/interceptors-opentelemetry'),
  ]);
  const complain = (message: string) => log.warn(`OpenTelemetry: ${message.slice(0, 500)}`);
  const quiet = { warn: complain, info: complain, debug: complain, verbose: complain };
  api.diag.setLogger({ ...quiet, error: complain }, { logLevel: api.DiagLogLevel.ERROR });
  const resource = new resources.Resource({ 'service.name': service }).merge(
    resources.detectResourcesSync({ detectors: [resources.envDetectorSync] }),
  );
  const provider = new node.NodeTracerProvider({
    resource,
    spanProcessors: [new node.BatchSpanProcessor(new otlp.OTLPTraceExporter())],
  });
  // Not the baggage: a client could have us carry whatever it writes there to Temporal.
  provider.register({ propagator: new core.W3CTraceContextPropagator() });
  return {
    ofClient: [new temporal.OpenTelemetryWorkflowClientInterceptor()],
    ofActivities: (
      ctx: ConstructorParameters<typeof temporal.OpenTelemetryActivityInboundInterceptor>[0],
    ) => ({
      inbound: new temporal.OpenTelemetryActivityInboundInterceptor(ctx),
      outbound: new temporal.OpenTelemetryActivityOutboundInterceptor(ctx),
    }),
    /** Sends what is left; a collector that is away does not keep the process from ending. */
    stop: () => provider.shutdown().catch((error: unknown) => complain((error as Error).message)),
  };
}
