import { z } from 'zod';
import type { Database } from '../../../db/database';
import { reservationsAreWorked } from '../../../db/workers';
import type { ApiMetrics } from '../../metrics';
import { defineRoute } from '../../route';
import { openEnum } from '../../schemas';

const WORKER_SEEN_WITHIN_SECONDS = 15;

const liveness = z
  .object({ status: openEnum(['ok']) })
  .meta({ id: 'Liveness', examples: [{ status: 'ok' }] });
const readiness = z
  .object({
    status: openEnum(['ready']),
    degraded: z
      .array(openEnum(['temporal']))
      .optional()
      .meta({ description: 'What is missing, though sales go on' }),
  })
  .meta({ id: 'Readiness', examples: [{ status: 'ready' }] });

export interface HealthRouteDeps {
  db: Database;
  metrics: Pick<ApiMetrics, 'text'>;
  temporalAnswers: () => Promise<boolean>;
}

/** For load balancers and monitoring. */
export function healthRoutes({ db, metrics, temporalAnswers }: HealthRouteDeps) {
  return [
    defineRoute({
      method: 'get',
      path: '/livez',
      operationId: 'getLiveness',
      tag: 'Health',
      summary: 'Whether the process runs',
      access: 'public',
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
        'Without the database 503. Without Temporal, or a worker, sales go on: 200 with `"degraded": ["temporal"]`.',
      access: 'public',
      responses: { 200: { description: 'It can', schema: readiness } },
      problems: [],
      async handle() {
        const worked = await reservationsAreWorked(db, WORKER_SEEN_WITHIN_SECONDS);
        const healthy = worked && (await temporalAnswers());
        return {
          status: 200,
          body: healthy ? { status: 'ready' } : { status: 'ready', degraded: ['temporal'] },
        };
      },
    }),

    defineRoute({
      method: 'get',
      path: '/metrics',
      operationId: 'getMetrics',
      tag: 'Health',
      summary: "This process's figures, for Prometheus",
      access: ['operator'],
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
