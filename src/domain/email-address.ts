import { domainToASCII, domainToUnicode } from 'node:url';

/** An e-mail address in the two forms that are needed. */
export interface EmailAddress {
  /**
   * The form for SMTP: ASCII only, with the domain in Punycode and lower case. The part before the
   * @ is as given.
   */
  smtp: string;
  /** All spellings of one address have the same key. */
  key: string;
}

const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_DOMAIN = 253;

/**
 * The dot-string of RFC 5321. Quoted strings are refused: they only serve to hide blanks or an
 * additional @.
 */
const ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
const LOCAL = String.raw`${ATEXT}(?:\.${ATEXT})*`;
const ALPHANUMERIC = String.raw`A-Za-z0-9\u00a1-\uffff`;
const LABEL = `[${ALPHANUMERIC}](?:[${ALPHANUMERIC}-]{0,61}[${ALPHANUMERIC}])?`;
const TOP_LEVEL = String.raw`(?:[A-Za-z]{2,63}|[Xx][Nn]--[A-Za-z0-9-]{0,58}[A-Za-z0-9]|[\u00a1-\uffff][${ALPHANUMERIC}-]{0,62})`;

/**
 * The form of an address, as far as a pattern can express it. The part before the @ is ASCII. An
 * address in another script (RFC 6531) needs support by every mail server on the way, which cannot
 * be guaranteed. The domain may be in any script.
 */
export const EMAIL_FORM = new RegExp(String.raw`^${LOCAL}@(?:${LABEL}\.)+${TOP_LEVEL}$`);

const LOCAL_FORM = new RegExp(`^${LOCAL}$`);
const SENDER_DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ASCII_DOMAIN =
  /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{0,58}[a-z0-9])$/;
/** White space and invisible characters, which the conversion would drop silently. */
const UNSEEN = /[\p{Z}\p{C}\p{Default_Ignorable_Code_Point}]/u;

/**
 * Whether every label in Punycode decodes to a name, and is that name's own encoding. Node 20
 * refuses other labels itself, Node 24 leaves them as they are.
 */
function isReadable(domain: string): boolean {
  const shown = domainToUnicode(domain);
  return !/(?:^|\.)xn--/.test(shown) && domainToASCII(shown) === domain;
}

/** Reads an e-mail address. @returns null when it is none */
export function parseEmailAddress(text: string): EmailAddress | null {
  const given = text.normalize('NFC');
  if (given.length > MAX_ADDRESS || !EMAIL_FORM.test(given) || UNSEEN.test(given)) return null;
  const at = given.lastIndexOf('@');
  const local = given.slice(0, at);
  const domain = domainToASCII(given.slice(at + 1)).toLowerCase();
  if (local.length > MAX_LOCAL || domain.length > MAX_DOMAIN) return null;
  if (!ASCII_DOMAIN.test(domain) || !isReadable(domain)) return null;
  const smtp = `${local}@${domain}`;
  return smtp.length > MAX_ADDRESS ? null : { smtp, key: smtp.toLowerCase() };
}

/** Domains whose provider delivers an address with dots before the @, and without, to one mailbox. */
const WITHOUT_DOTS = new Set(['gmail.com']);
/** Domains that are other names of one. */
const ALIASES = new Map([['googlemail.com', 'gmail.com']]);

/**
 * Whose mailbox an address is, as far as it shows: `a+tag@…` is that of `a@…`, and dots do not count
 * where the provider ignores them. For limits by buyer, never to send a mail to.
 * @param address in any spelling
 */
export function mailboxOf(address: string): string {
  const key = parseEmailAddress(address)?.key ?? address.toLowerCase();
  const at = key.lastIndexOf('@');
  const given = key.slice(at + 1);
  const domain = ALIASES.get(given) ?? given;
  // Nothing before the + is an address of its own.
  const name = key.slice(0, at).replace(/^([^+]+)\+.*$/, '$1');
  return `${WITHOUT_DOTS.has(domain) ? name.replaceAll('.', '') : name}@${domain}`;
}

const SENDER = /^(?:(.*?)\s*<([^<>]+)>|([^<>]+))$/;

/**
 * Reads the sender of mails: `Name <address>`, or the address alone. Its domain may be that of a machine, as
 * `localhost`.
 * @returns the address in ASCII; null when there is none
 */
export function readSender(text: string): { name: string; email: string } | null {
  const [, name = '', inBrackets, alone] = SENDER.exec(text.trim()) ?? [];
  const address = (inBrackets ?? alone ?? '').trim();
  const at = address.lastIndexOf('@');
  const local = address.slice(0, Math.max(0, at));
  const domain = domainToASCII(address.slice(at + 1)).toLowerCase();
  if (!LOCAL_FORM.test(local) || !SENDER_DOMAIN.test(domain)) return null;
  const unquoted = name.replace(/^"(.*)"$/, '$1').replace(/\\(.)/g, '$1');
  return { name: unquoted, email: `${local}@${domain}` };
}
