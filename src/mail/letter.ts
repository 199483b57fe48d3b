import type { SendMailOptions } from 'nodemailer';
import { factsTable, greeting, headerText, mailDocument, paragraph } from './mail-html';
import type { Recipient } from './mail-html';

/** What every mail to a buyer consists of. All texts are plain text. */
export interface Letter {
  to: Recipient;
  /** Fixed before the first try. */
  messageId: string;
  subject: string;
  /** The heading of the HTML form, and the small line above it. */
  title: string;
  kicker: string;
  /** What mail programs show beside the subject. */
  preview: string;
  /** Paragraphs after the greeting. */
  opening: readonly string[];
  /** `[name, value]`, as a table after the opening. */
  facts: readonly (readonly [string, string])[];
  /** Paragraphs after the facts. */
  closing?: readonly string[];
  attachments?: SendMailOptions['attachments'];
}

/** Writes a mail to a buyer, as text and as HTML. The mailer sets the sender. */
export function writeLetter(letter: Letter): SendMailOptions {
  const { to, messageId, subject, title, kicker, preview, facts, closing = [] } = letter;
  const opening = [greeting(to.name), ...letter.opening];
  const listed = facts.map(([fact, value]) => `${fact}: ${value}`).join('\n');
  return {
    to: { name: headerText(to.name), address: to.email },
    subject,
    messageId,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Entity-Ref-ID': messageId.replace(/[<>]/g, ''),
    },
    text: [...opening, listed, ...closing].join('\n\n') + '\n',
    html: mailDocument({
      title,
      kicker,
      preview,
      body: opening.map(paragraph).join('') + factsTable(facts) + closing.map(paragraph).join(''),
    }),
    ...(letter.attachments && { attachments: letter.attachments }),
  };
}
