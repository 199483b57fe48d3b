import { createHash } from 'node:crypto';
import type Router from '@koa/router';
import { escapeHtml } from '../../../documents/format';
import { IDEMPOTENCY_KEY } from '../../../domain/idempotency-key';
import type { RateLimits } from '../../middleware/rate-limit';
import { Problem } from '../../problem';
import {
  listUrl,
  queryOfEvent,
  queryOfReservation,
  readyQueries,
  type ReadyQuery,
} from './queries';
import { eventNameForm } from '../events/schema';

export interface TemporalPageDeps {
  /** undefined: there is no page. */
  temporalUi: { url: string | undefined; namespace: string };
}

const STYLE = `body{max-width:52rem;margin:2rem auto;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color-scheme:light dark}
li{margin:.6rem 0}code{display:block;overflow-wrap:anywhere;opacity:.75;font-size:.85em}
form{margin:1rem 0}input{font:inherit;min-width:18rem}button{font:inherit}`;
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

const FIELDS = [
  { name: 'reservation', label: 'Reservation', form: IDEMPOTENCY_KEY, query: queryOfReservation },
  { name: 'event', label: 'Event', form: eventNameForm, query: queryOfEvent },
] as const;

function render(queries: readonly ReadyQuery[], link: (query: string) => string): string {
  const items = queries.map(
    ({ name, meaning, query }) =>
      `<li><a href="${escapeHtml(link(query))}">${name}</a>: ${escapeHtml(meaning.replaceAll('`', ''))}<code>${escapeHtml(query)}</code></li>`,
  );
  const forms = FIELDS.map(
    ({ name, label }) =>
      `<form><label>${label} <input name="${name}" required></label> <button>Find</button></form>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reservations in Temporal</title><style>${STYLE}</style></head>
<body><main><h1>Reservations in Temporal</h1><ul>${items.join('')}</ul>
<p>All workflows of one reservation (its own, refunds, mails, what came later), or of one event:</p>${forms.join('')}</main></body></html>
`;
}

/**
 * Ready queries as links into the Temporal UI, for operators. With `?reservation=` or `?event=` it leads there at once.
 * Not part of the OpenAPI document.
 */
export function mountTemporalPage(
  router: Router,
  limits: RateLimits,
  { temporalUi: { url, namespace } }: TemporalPageDeps,
): void {
  if (url === undefined) return;
  const { origin } = new URL(url);
  const link = (query: string) => listUrl(url, namespace, query);
  router.get('/temporal', async (ctx) => {
    await limits.address(ctx, 'reads');
    for (const { name, label, form, query } of FIELDS) {
      const given = ctx.query[name];
      if (given === undefined) continue;
      const value = typeof given === 'string' ? given.trim() : '';
      if (!form.test(value)) {
        throw new Problem('validation_failed', `${label}: this cannot be one.`, {
          errors: [
            { path: name, message: 'must be the id of a reservation, or the slug of an event' },
          ],
        });
      }
      ctx.status = 303;
      ctx.redirect(link(query(value)));
      ctx.body = '';
      return;
    }
    ctx.set(
      'content-security-policy',
      `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'self' ${origin}; frame-ancestors 'none'`,
    );
    ctx.type = 'html';
    ctx.body = render(readyQueries(new Date()), link);
  });
}
