import { isIP } from 'node:net';
import { isPublicAddress } from './public-address';

/** Where webhooks may go to. */
export interface WebhookRules {
  /** Private addresses too; outside production. */
  allowPrivate: boolean;
  /** TLS alone; in production. */
  requireTls: boolean;
}

/**
 * What is wrong with the URL of an endpoint, as far as it shows; null if nothing is. A name is looked up
 * when it is connected to, each time.
 */
export function faultOfUrl(
  text: string,
  { allowPrivate, requireTls }: WebhookRules,
): string | null {
  if (!URL.canParse(text)) return 'must be a URL';
  const { protocol, username, password, hash, hostname } = new URL(text);
  if (protocol !== 'https:' && (requireTls || protocol !== 'http:'))
    return requireTls ? 'must begin with https://' : 'must begin with https:// or http://';
  if (username !== '' || password !== '') return 'must have no user and no password';
  if (hash !== '') return 'must have no fragment';
  const host = hostname.replace(/^\[|\]$/g, '');
  const isOurs = isIP(host) === 0 ? /(^|\.)localhost\.?$/.test(host) : !isPublicAddress(host);
  return isOurs && !allowPrivate ? 'must have a public address' : null;
}
