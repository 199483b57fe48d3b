import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';
import type { Context } from 'koa';

/** IPv4 addresses in the form of IPv6, as a socket that takes both shows them. */
const MAPPED = new BlockList();
MAPPED.addSubnet('::ffff:0:0', 96, 'ipv6');

/** The eight groups of an IPv6 address, as numbers. */
function groupsOf(address: string): number[] {
  // The last 32 bits may be written as IPv4.
  const [, start, last] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  const bytes = last?.split('.').map(Number);
  const text = bytes
    ? `${start}${((bytes[0]! << 8) | bytes[1]!).toString(16)}:${((bytes[2]! << 8) | bytes[3]!).toString(16)}`
    : address;
  const [head = '', tail] = text.split('::');
  const numbers = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => parseInt(group, 16));
  if (tail === undefined) return numbers(head);
  const [before, after] = [numbers(head), numbers(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** An address as proxies write it: with a port or without, an IPv6 one in brackets or not, with a zone or without. */
function parseAddress(text: string): string | null {
  const [, bracketed, ipv4] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(text) ?? [];
  const address = (bracketed ?? ipv4 ?? text).split('%')[0]!;
  return isIP(address) === 0 ? null : address;
}

/**
 * Whom an address counts as: an IPv4 address as itself, also within IPv6; one in IPv6 as its network of /64, which one
 * subscriber has.
 * @returns null for what is no address
 */
export function networkOf(text: string): string | null {
  const address = parseAddress(text);
  if (address === null) return null;
  if (isIPv4(address)) return address;
  const groups = groupsOf(address);
  if (MAPPED.check(new SocketAddress({ address, family: 'ipv6' })))
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 255])
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/**
 * Whom a request counts as, by its address. Of X-Forwarded-For only as many entries are believed as proxies of ours
 * stand in front.
 */
export function networkOfRequest(ctx: Context, trustedProxies: number): string {
  const own = networkOf(ctx.req.socket.remoteAddress ?? '') ?? 'unknown';
  if (trustedProxies === 0) return own;
  const chain = ctx
    .get('x-forwarded-for')
    .split(',')
    .map((entry) => entry.trim())
    .filter(Boolean);
  const entry = chain.at(-trustedProxies);
  return (entry === undefined ? null : networkOf(entry)) ?? own;
}

/**
 * Notices that a proxy stands in front that TRUSTED_PROXIES does not count: then all callers have
 * the proxy's address, and its limits.
 * @returns to be called with each request; it warns once
 */
export function createProxyNotice(
  trustedProxies: number,
  warn: (message: string) => void,
): (ctx: Context) => void {
  let isSaid = trustedProxies > 0;
  return (ctx) => {
    if (isSaid || (ctx.get('x-forwarded-for') || ctx.get('forwarded')) === '') return;
    isSaid = true;
    warn(
      'a request came with X-Forwarded-For, and TRUSTED_PROXIES is 0: if a proxy of yours is in front, all its callers share the limits of one address; set TRUSTED_PROXIES to the number of your proxies',
    );
  };
}
