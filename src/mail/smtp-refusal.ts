/** The reply of a mail server that did not accept a mail. */
export interface SmtpReply {
  /** Three digits, as in `550`. */
  code: number;
  /**
   * The command that was answered: `RCPT TO`, `MAIL FROM`, `DATA` (also for what follows it), and
   * so on.
   */
  command: string;
  /** The whole reply, all its lines. */
  text: string;
}

/**
 * Enhanced status codes (RFC 3463, 5248) that are about the address: no such mailbox, no such domain, not an address,
 * moved away, a domain that takes no mail, a mailbox that is closed.
 */
const OF_THE_ADDRESS = new Set(['5.1.1', '5.1.2', '5.1.3', '5.1.6', '5.1.10', '5.2.1']);
/** These enhanced codes say no more than the basic code does. */
const UNSPECIFIC = new Set(['5.0.0', '5.1.0']);
/**
 * Basic codes for a mailbox that does not exist, is unavailable, or has an invalid name (RFC 5321).
 */
const NO_SUCH_MAILBOX = new Set([550, 551, 553]);
/**
 * Words in replies of servers that send no enhanced code and refuse the sender, not the recipient.
 */
const OF_THE_SENDER = /relay|block|black|spam|policy|listed|denied|authenti|reputation/i;

/**
 * The enhanced status code of a reply, if it has one, as in `5.1.1`. Some servers write `#5.1.1`.
 */
function enhancedCode(text: string): string | null {
  return /^\d{3}[ -]#?(\d\.\d{1,3}\.\d{1,3})\b/.exec(text)?.[1] ?? null;
}

/**
 * Tells whether a reply is about the recipient's address, so that no retry can succeed. Every other
 * cause (a full mailbox, a block list, relaying, the content of the mail) may be corrected at
 * either end.
 */
export function isAboutTheAddress({ code, command, text }: SmtpReply): boolean {
  if (code < 500 || code > 599) return false;
  if (command !== 'RCPT TO' && command !== 'DATA') return false;
  const enhanced = enhancedCode(text);
  if (enhanced !== null && !UNSPECIFIC.has(enhanced)) return OF_THE_ADDRESS.has(enhanced);
  return command === 'RCPT TO' && NO_SUCH_MAILBOX.has(code) && !OF_THE_SENDER.test(text);
}

const MAX_SAID = 300;

/**
 * The server's reply in a form that may be stored and shown: one line, without any address. Servers
 * quote the recipient's address, or only the part before the @, and may change its case.
 */
export function withoutAddresses(said: string, address: string): string {
  const quoted = [address, address.slice(0, address.lastIndexOf('@'))]
    .filter((part) => part.length > 2)
    .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const plain = quoted.length === 0 ? said : said.replace(new RegExp(quoted.join('|'), 'gi'), '…');
  return plain
    .replace(/[^\s<>"'(),;:]+@[^\s<>"'(),;:]+/g, '…')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_SAID);
}
