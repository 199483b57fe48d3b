import { domainToASCII } from 'node:url';

/** A mailbox as two parties know it. */
export interface EmailAddress {
  /** For SMTP: ASCII alone, the domain in Punycode and lower case; before the @ as it was given. */
  smtp: string;
  /** One buyer is one address: equal for all ways to write it. */
  key: string;
}

const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_DOMAIN = 253;

/** RFC 5321's dot-string. No quoted string, whose only use is to hide blanks and more @ in an address. */
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LOCAL = String.raw`${ATEXT}(?:\.${ATEXT})*`;
const ALPHANUMERIC = String.raw`A-Za-z0-9\u00a1-\uffff`;
const LABEL = `[${ALPHANUMERIC}](?:[${ALPHANUMERIC}-]{0,61}[${ALPHANUMERIC}])?`;
const TOP_LEVEL = String.raw`(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{0,58}[A-Za-z0-9]|[\u00a1-\uffff][${ALPHANUMERIC}-]{0,62})`;

/**
 * The form of an address, as far as a pattern can tell. Before the @ it is ASCII: an address in another script (RFC 6531)
 * arrives only where every mail server on its way knows how, which nobody can promise to a buyer. The domain may be in any
 * script.
 */
export const EMAIL_FORM = new RegExp(String.raw`^${LOCAL}@(?:${LABEL}\.)+${TOP_LEVEL}$`);

const ASCII_DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])$/;
/** White space and characters without a shape, which the conversion would silently drop. */
const UNSEEN = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]/u;

/** Reads an e-mail address. @returns null when it is none */
export function parseEmailAddress(text: string): EmailAddress | null {
  const given = text.normalize('NFC');
  if (given.length > MAX_ADDRESS || !EMAIL_FORM.test(given) || UNSEEN.test(given)) return null;
  const at = given.lastIndexOf('@');
  const local = given.slice(0, at);
  const domain = domainToASCII(given.slice(at + 1)).toLowerCase();
  if (local.length > MAX_LOCAL || domain.length > MAX_DOMAIN || !ASCII_DOMAIN.test(domain))
    return null;
  const smtp = `${local}@${domain}`;
  return smtp.length > MAX_ADDRESS ? null : { smtp, key: smtp.toLowerCase() };
}
