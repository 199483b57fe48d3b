import { z } from 'zod';
import type { ApiMetrics } from '../../metrics';
import { Problem } from '../../problem';
import type { Readiness } from '../../readiness';
import { defineRoute } from '../../route';
import { openEnum } from '../../schemas';

const liveness = z
  .object({ status: openEnum(['ok']) })
  .meta({ id: 'Liveness', examples: [{ status: 'ok' }] });
const readyBody = z
  .object({
    status: openEnum(['ready']),
    degraded: z
      .array(
        openEnum([
          ...['temporal', 'search_attributes'],
          ...['reservations', 'documents', 'mail', 'webhooks', 'relay'],
        ]),
      )
      .optional()
      .meta({
        description: 'What is missing, though sales go on; a role: a worker of it is silent',
      }),
  })
  .meta({ id: 'Readiness', examples: [{ status: 'ready' }] });

export interface HealthRouteDeps {
  metrics: Pick<ApiMetrics, 'text'>;
  readiness: Pick<Readiness, 'state'>;
  /** Aborted once the process is asked to end. */
  stopping: AbortSignal;
}

const notReady = (detail: string) =>
  new Problem('temporarily_unavailable', detail, { headers: { 'retry-after': '2' } });

/** For load balancers and monitoring. */
export function healthRoutes({ metrics, readiness, stopping }: HealthRouteDeps) {
  return [
    defineRoute({
      method: 'get',
      path: '/livez',
      operationId: 'getLiveness',
      tag: 'Health',
      summary: 'Whether the process runs',
      access: 'public',
      unlimited: true,
      kind: 'free',
      responses: { 200: { description: 'It does', schema: liveness } },
      problems: [],
      handle: async () => ({ status: 200, body: { status: 'ok' } }),
    }),

    defineRoute({
      method: 'get',
      path: '/readyz',
      operationId: 'getReadiness',
      tag: 'Health',
      summary: 'Whether it can serve',
      description:
        'Answered at once, from what was seen within the last seconds. Without the database, and while the process ends, 503. Without Temporal, or a worker, sales go on: 200 with `"degraded": ["temporal"]`; with `["search_attributes"]` where Temporal lacks some of ours, so that it refuses to start workflows; with the roles of a worker that has been silent for 15 s and has not left, as `["mail"]`.',
      access: 'public',
      unlimited: true,
      kind: 'free',
      responses: { 200: { description: 'It can', schema: readyBody } },
      problems: [],
      async handle() {
        if (stopping.aborted) throw notReady('This process ends: ask another one.');
        const { database, temporal, silentRoles, missingAttributes } = readiness.state();
        if (!database) throw notReady('The database does not answer.');
        const degraded = [
          ...(temporal ? [] : (['temporal'] as const)),
          ...(missingAttributes.length > 0 ? (['search_attributes'] as const) : []),
          ...silentRoles,
        ];
        return {
          status: 200,
          body: degraded.length === 0 ? { status: 'ready' } : { status: 'ready', degraded },
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      tag: 'Health',
      summary: "This process's figures, for Prometheus",
      description:
        'Without the database, the figures of the process alone, and `holdfast_database_up 0`, to a key that was used before.',
      access: ['operator'],
      kind: 'free',
      withoutDatabase: true,
      responses: {
        200: {
          description: "Prometheus' text format",
          contentType: 'text/plain',
          example: '# TYPE holdfast_holds_total counter\nholdfast_holds_total{outcome="held"} 42\n',
        },
      },
      problems: [],
      handle: async () => ({
        status: 200,
        body: await metrics.text(),
        type: 'text/plain; version=0.0.4; charset=utf-8',
      }),
    }),
  ];
}
