import type Router from '@koa/router';
import type { Context } from 'koa';
import { z } from 'zod';
import { findEvent } from '../db/events';
import type { Caller } from '../db/keys';
import type { Database } from '../db/database';
import type { Authenticator } from './middleware/authenticate';
import { parseJson, readBytes, requireJson } from './middleware/body';
import type { RateLimits } from './middleware/rate-limit';
import { Problem } from './problem';
import {
  pageOf,
  requireSameOrigin,
  SESSION_PAGES,
  SESSION_ROLES,
  type SessionPage,
  type Sessions,
} from './sessions';

const KEY_LIMIT = 1000;

/** Our own scripts and styles, calls of this API, and no frame around it. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http://www.w3.org/2000/svg%22 viewBox=%220 0 32 32%22%3E%3Crect x=%221%22 y=%2210%22 width=%228%22 height=%2212%22 rx=%222.5%22 fill=%22%23b9ab9f%22/%3E%3Crect x=%2212%22 y=%2210%22 width=%228%22 height=%2212%22 rx=%222.5%22 fill=%22%23a3263b%22/%3E%3Crect x=%2223%22 y=%2210%22 width=%228%22 height=%2212%22 rx=%222.5%22 fill=%22%23b9ab9f%22/%3E%3C/svg%3E';
const TITLES: Record<SessionPage, string> = { door: 'Door', operator: 'Operator' };

const htmlOf = (page: SessionPage) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${TITLES[page]} · Holdfast</title>
<link rel="icon" href="${ICON}">
<link rel="stylesheet" href="/assets/${page}.css">
<script type="module" src="/assets/${page}.js"></script>
</head>
<body>
<div id="app"></div>
<noscript>This page needs JavaScript.</noscript>
</body>
</html>
`;

/** Where Temporal's UI shows workflows. */
export interface WorkflowPages {
  /** Ends in `/`; a workflow's id follows, as a part of a path. */
  workflow: string;
  /** A list filter of Temporal follows, as a part of a query. */
  query: string;
}

/** @param uiUrl of Temporal's UI */
export function workflowPagesOf(uiUrl: string, namespace: string): WorkflowPages {
  const list = `${uiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/workflows`;
  return { workflow: `${list}/`, query: `${list}?query=` };
}

export interface StaffPageDeps {
  db: Database;
  sessions: Sessions;
  /** null: it is not known where Temporal's UI is. */
  workflowPages: WorkflowPages | null;
}

const signIn = z.strictObject({ key: z.string().trim().min(1).max(200) });

/** The pages of the house, `/door` and `/operator`, and how people sign in to them. Not in the OpenAPI document. */
export function mountStaffPages(
  router: Router,
  deps: StaffPageDeps & { authenticate: Authenticator; limits: RateLimits },
): void {
  const { db, sessions, authenticate, limits, workflowPages } = deps;
  /** The request comes from this page of ours. @throws Problem */
  function requirePage(ctx: Context, page: SessionPage): void {
    requireSameOrigin(ctx);
    if (pageOf(ctx) !== page)
      throw new Problem('cross_site_request', `Send the header X-Holdfast-Page: ${page}.`);
  }

  async function describe(caller: Caller) {
    const event = caller.eventId === null ? null : await findEvent(db, caller.eventId);
    return {
      client: caller.client,
      role: caller.role,
      event: event?.slug ?? null,
      temporal: caller.role === 'operator' ? workflowPages : null,
    };
  }

  function answer(ctx: Context, status: number, body: unknown): void {
    ctx.status = status;
    ctx.type = 'application/json';
    ctx.body = JSON.stringify(body);
  }

  for (const page of SESSION_PAGES) {
    const html = htmlOf(page);
    router.get(`/${page}`, async (ctx) => {
      await limits.address(ctx, 'reads');
      ctx.set('content-security-policy', PAGE_POLICY);
      ctx.set('permissions-policy', page === 'door' ? 'camera=(self)' : 'camera=()');
      ctx.set('cache-control', 'no-cache');
      ctx.type = 'html';
      ctx.body = html;
    });

    const path = `/${page}/session`;
    router.get(path, async (ctx) => {
      requirePage(ctx, page);
      answer(ctx, 200, await describe(await authenticate.bySession(ctx, page)));
    });

    router.post(path, async (ctx) => {
      requirePage(ctx, page);
      requireJson(ctx);
      const body = signIn.safeParse(parseJson(await readBytes(ctx, KEY_LIMIT)));
      if (!body.success)
        throw new Problem('validation_failed', 'Send { "key": "…" }, the key to sign in with.', {
          errors: [{ path: 'key', message: 'is a key of 1 to 200 characters' }],
        });
      const caller = await authenticate.byKey(ctx, body.data.key);
      if (!caller) throw new Problem('unauthorized', 'There is no such key, or it was revoked.');
      const role = SESSION_ROLES[page];
      if (caller.role !== role)
        throw new Problem(
          'forbidden',
          `This page takes a key of the role ${role}; this one has the role ${caller.role}.`,
        );
      await sessions.begin(ctx, page, caller.keyId);
      answer(ctx, 201, await describe(caller));
    });

    router.delete(path, (ctx) => {
      requirePage(ctx, page);
      sessions.end(ctx, page);
      answer(ctx, 200, {});
    });
  }
}
