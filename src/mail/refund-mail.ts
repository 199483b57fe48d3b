import type { SendMailOptions } from 'nodemailer';
import { oneLine } from '../documents/format';
import { formatMoney } from '../domain/currency';
import type { Money } from '../domain/money';
import {
  eventTimeLine,
  factsTable,
  greeting,
  headerText,
  mailDocument,
  paragraph,
} from './mail-html';
import type { MailedEvent, Recipient } from './mail-html';

export interface LateRefundMail {
  reservationId: string;
  to: Recipient;
  event: MailedEvent;
  messageId: string;
  payment: Money & { reference: string };
}

/**
 * Tells a buyer that the payment arrived after the hold had ended, that the seats are taken, and
 * that the money is refunded.
 */
export function lateRefundMail({
  reservationId,
  to,
  event,
  messageId,
  payment,
}: LateRefundMail): SendMailOptions {
  const name = oneLine(event.name);
  const amount = formatMoney(payment);
  const sentences = [
    `Your payment of ${amount} for ${name} reached us after the time for which your seats were held. By then another buyer had taken them, so we could not issue your tickets.`,
    `We have sent the whole ${amount} on its way back, to where it came from. It may take some days to arrive, depending on your bank. You do not have to do anything.`,
    'We are sorry. If there are other seats left, you are welcome to choose again.',
  ];
  const facts: [string, string][] = [
    ['Event', name],
    ['When', eventTimeLine(event)],
    ['Amount', amount],
    ['Payment', oneLine(payment.reference)],
    ['Reservation', reservationId],
  ];
  return {
    to: { name: headerText(to.name), address: to.email },
    subject: `Your payment is being refunded: ${headerText(event.name)}`,
    messageId,
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Entity-Ref-ID': messageId.replace(/[<>]/g, ''),
    },
    text:
      [
        greeting(to.name),
        ...sentences,
        facts.map(([fact, value]) => `${fact}: ${value}`).join('\n'),
      ].join('\n\n') + '\n',
    html: mailDocument({
      title: 'Your money is on its way back',
      kicker: 'REFUND',
      preview: `${amount} for ${name} – your seats were gone when the payment came.`,
      body: [greeting(to.name), ...sentences].map(paragraph).join('') + factsTable(facts),
    }),
  };
}
