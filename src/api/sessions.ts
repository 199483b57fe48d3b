import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Context } from 'koa';
import type { Role } from '../db/keys';
import { Problem } from './problem';

/** The pages that people sign in to, and the role of the key that each takes. */
export const SESSION_ROLES = { operator: 'operator', door: 'scanner' } as const satisfies Record<
  string,
  Role
>;
export type SessionPage = keyof typeof SESSION_ROLES;
export const SESSION_PAGES = Object.keys(SESSION_ROLES) as SessionPage[];

/**
 * The header by which a page says that its session counts, and which one. A page of another site
 * cannot send it without being asked for leave first, which it does not get.
 */
const PAGE_HEADER = 'x-holdfast-page';

/** A session that nobody uses ends after this long, */
export const IDLE_SECONDS = 4 * 3600;
/** and every session after this long: somebody signs in once a day. */
const LONGEST_SECONDS = 24 * 3600;
/** The time of the last use is written into the cookie anew when it is this old. */
const RENEWED_AFTER_SECONDS = 300;

const VALUE = /^(\d{1,15})\.(\d{1,12})\.(\d{1,12})\.([\w-]{43})$/;

export interface Session {
  keyId: number;
  /** Seconds since 1970. */
  beganAt: number;
  usedAt: number;
}

/** The secret of the sessions. @param seed of the ticket codes, which has no other use here */
export const sessionSecret = (seed: Buffer): Buffer =>
  Buffer.from(hkdfSync('sha256', seed, '', 'holdfast browser sessions', 32));

const macOf = (secret: Buffer, page: SessionPage, statement: string): Buffer =>
  createHmac('sha256', secret).update(`${page} ${statement}`).digest();

/** The cookie's value: which key signed in, when, and when it was last used, with a MAC over it. */
export function writeSession(secret: Buffer, page: SessionPage, session: Session): string {
  const statement = `${session.keyId}.${session.beganAt}.${session.usedAt}`;
  return `${statement}.${macOf(secret, page, statement).toString('base64url')}`;
}

/** The session of a cookie's value; null when it is not ours, is for another page, or has ended. */
function readSession(
  secret: Buffer,
  page: SessionPage,
  value: string,
  now: number,
): Session | null {
  const [, keyId, beganAt, usedAt, mac] = VALUE.exec(value) ?? [];
  if (mac === undefined) return null;
  const expected = macOf(secret, page, `${keyId}.${beganAt}.${usedAt}`);
  if (!timingSafeEqual(expected, Buffer.from(mac, 'base64url'))) return null;
  const session = { keyId: Number(keyId), beganAt: Number(beganAt), usedAt: Number(usedAt) };
  return now < endOf(session) ? session : null;
}

const endOf = ({ beganAt, usedAt }: Session): number =>
  Math.min(usedAt + IDLE_SECONDS, beganAt + LONGEST_SECONDS);

const nowSeconds = () => Math.floor(Date.now() / 1000);

/** The page that sent a request with its session; null: the request has a key, or nothing. @throws Problem */
export function pageOf(ctx: Context): SessionPage | null {
  const named = ctx.get(PAGE_HEADER);
  if (named === '') return null;
  const page = SESSION_PAGES.find((one) => one === named);
  if (!page)
    throw new Problem(
      'malformed_request',
      `X-Holdfast-Page is one of ${SESSION_PAGES.join(', ')}.`,
    );
  return page;
}

/**
 * Refuses a request that a page of another site may have caused. Browsers say where a request comes
 * from (Sec-Fetch-Site; old ones Origin alone).
 * @throws Problem `cross_site_request`
 */
export function requireSameOrigin(ctx: Context): void {
  const site = ctx.get('sec-fetch-site');
  const origin = ctx.get('origin');
  const isOurs =
    site !== ''
      ? site === 'same-origin'
      : origin !== ''
        ? URL.canParse(origin) && new URL(origin).host === ctx.host
        : ctx.method === 'GET' || ctx.method === 'HEAD';
  if (!isOurs)
    throw new Problem(
      'cross_site_request',
      'A session counts for its own pages alone: open the page of this server and use that.',
    );
}

export interface Sessions {
  /** The session of a request from a page; its time of use is kept. null: none, or it has ended. */
  read(ctx: Context, page: SessionPage): Promise<Session | null>;
  begin(ctx: Context, page: SessionPage, keyId: number): Promise<void>;
  /** The browser forgets it; who has copied the cookie has it until its end, or the key is revoked. */
  end(ctx: Context, page: SessionPage): void;
}

/**
 * Sessions of browsers, in HttpOnly cookies that say which key signed in. There is no table: each
 * request looks the key up again, so a revoked key ends its sessions.
 * @param secret of the MAC; asked for once
 * @param secure whether the cookies are for HTTPS alone
 */
export function createSessions(secret: () => Promise<Buffer>, secure: boolean): Sessions {
  let known: Promise<Buffer> | undefined;
  const getSecret = () =>
    (known ??= secret().catch((error: unknown) => {
      known = undefined;
      throw error;
    }));
  const nameOf = (page: SessionPage) => `${secure ? '__Host-' : ''}holdfast_${page}`;

  function set(ctx: Context, page: SessionPage, value: string, maxAge: number): void {
    const flags = `Path=/; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
    ctx.append('set-cookie', `${nameOf(page)}=${value}; ${flags}; Max-Age=${maxAge}`);
  }

  async function write(ctx: Context, page: SessionPage, session: Session): Promise<void> {
    const value = writeSession(await getSecret(), page, session);
    set(ctx, page, value, endOf(session) - session.usedAt);
  }

  return {
    async read(ctx, page) {
      const value = ctx.cookies.get(nameOf(page));
      if (value === undefined) return null;
      const now = nowSeconds();
      const session = readSession(await getSecret(), page, value, now);
      if (session && now - session.usedAt >= RENEWED_AFTER_SECONDS)
        await write(ctx, page, { ...session, usedAt: now });
      return session;
    },
    async begin(ctx, page, keyId) {
      const now = nowSeconds();
      await write(ctx, page, { keyId, beganAt: now, usedAt: now });
    },
    end: (ctx, page) => set(ctx, page, '', 0),
  };
}
