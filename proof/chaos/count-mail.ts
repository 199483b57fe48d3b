import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Services } from '../../dev/services';
import type { Outcome } from './count-changes';
import type { Journal } from './journal';
import type { DirectAccess, Findings } from './direct-access';

/** The mails in the folder of the mail catcher, by Message-ID. */
export interface MailCount {
  files: number;
  messages: number;
  /** Further files of a Message-ID: a mail that was sent again after a crash. */
  duplicates: number;
  /** Incomplete files of a killed catcher; they count as not delivered. */
  cutShort: number;
  /** Mails that the page of the catcher lists. */
  listed: number;
}

interface Mailbox {
  byId: Map<string, number>;
  cutShort: number;
  files: number;
}

const digest = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Reads the files of the catcher, which survive its end. */
function readMailbox(folder: string): Mailbox {
  const mailbox: Mailbox = { byId: new Map(), cutShort: 0, files: 0 };
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.eml'))) {
    mailbox.files++;
    const text = readFileSync(join(folder, file), 'latin1');
    const head = text.slice(0, Math.max(0, text.search(/\r?\n\r?\n/)));
    const id = /^message-id:\s*(<[^>]+>)/im.exec(head)?.[1];
    const boundary = /boundary="?([^";\r\n]+)/i.exec(head)?.[1];
    if (id === undefined || (boundary !== undefined && !text.trimEnd().endsWith(`--${boundary}--`)))
      mailbox.cutShort++;
    else mailbox.byId.set(id, (mailbox.byId.get(id) ?? 0) + 1);
  }
  return mailbox;
}

interface MailRow {
  reservation_id: string;
  kind: string;
  message_id: string;
  sent: boolean;
  status: string;
  /** Its refund has failed, so there is nothing to tell. */
  failed: boolean;
}

const MAILS = `
  select m.reservation_id, m.kind, m.message_id, m.sent_at is not null as sent, r.status, f.status is not distinct from 'failed' as failed
    from mails m join reservations r on r.id = m.reservation_id left join refunds f on f.id = m.refund_id`;

const REFUNDS = `
  select f.id from refunds f join payments p on p.id = f.payment_id join reservations r on r.id = p.reservation_id
   where f.status = 'succeeded' and f.amount > 0 and r.buyer_email is not null`;

const TICKETS = `
  select reservation_id as id, array_agg(code order by code collate "C") as codes from tickets group by 1`;

/** The domain of the sender, who is the one of the settings' default. */
const SENDER = 'holdfast.example';

async function listed(mailUrl: string): Promise<number> {
  const response = await fetch(`${mailUrl}/api/email/summary?limit=1`, {
    signal: AbortSignal.timeout(30_000),
  });
  return ((await response.json()) as { storeTotal: number }).storeTotal;
}

/**
 * Checks the folder of the catcher against the sales. The Message-IDs are computed here, from the reservation and its
 * tickets, and from the id of the refund.
 * @param everConfirmed each reservation that was ever confirmed, with its status now
 */
export async function countMail(
  journal: Journal,
  direct: DirectAccess,
  findings: Findings,
  context: {
    services: Services;
    everConfirmed: ReadonlyMap<string, string>;
    outcomes: ReadonlyMap<string, Outcome>;
  },
): Promise<MailCount> {
  const { services, everConfirmed, outcomes } = context;
  const { byId, cutShort, files } = readMailbox(join(services.home, 'mail'));
  const tickets = await direct.rows<{ id: string; codes: string[] }>(TICKETS);
  const digests = new Map(
    tickets.map(({ id, codes }) => [id, digest(JSON.stringify([id, ...codes]))]),
  );
  const ticketsId = (id: string): string => `<tickets.${digests.get(id)}.0@${SENDER}>`;
  const owners = new Map([...digests].map(([id, digested]) => [digested, id]));
  const mails = await direct.rows<MailRow>(MAILS);
  // The tickets of a changed sale are others with each change, so are its mails.
  const isChanged = (id: string): boolean => outcomes.get(id)?.isChangedSale === true;
  const caughtFor = new Set<string>();
  for (const { kind, message_id: message, reservation_id: id } of mails) {
    if (kind !== 'tickets' || !isChanged(id)) continue;
    owners.set(/^<tickets\.([0-9a-f]{32})\./.exec(message)?.[1] ?? '', id);
    if (byId.has(message.replace('@holdfast.invalid', `@${SENDER}`))) caughtFor.add(id);
  }

  for (const message of byId.keys()) {
    const owner = /^<tickets\.([0-9a-f]{32})\./.exec(message)?.[1];
    if (owner === undefined) continue;
    const id = owners.get(owner);
    const paid = id !== undefined && everConfirmed.has(id);
    findings.check(
      'no tickets without a sale',
      message,
      paid ? null : `of ${id ?? 'nobody'}, never confirmed`,
    );
  }
  for (const [id, status] of everConfirmed) {
    if (status !== 'confirmed') continue;
    findings.check(
      'every sale has its tickets by mail',
      id,
      (isChanged(id) ? caughtFor.has(id) : byId.has(ticketsId(id)))
        ? null
        : 'no such mail was caught',
    );
  }
  for (const mail of mails) {
    if (mail.sent) {
      const caught = byId.has(mail.message_id.replace('@holdfast.invalid', `@${SENDER}`))
        ? null
        : `${mail.message_id} of ${mail.reservation_id} is not there`;
      findings.check('a mail that is recorded as sent was caught', mail.message_id, caught);
    } else {
      const stale = mail.failed || (mail.kind === 'tickets' && mail.status !== 'confirmed');
      findings.check(
        'every mail that is owed is sent',
        mail.message_id,
        stale ? null : `of ${mail.reservation_id}`,
      );
    }
  }
  for (const { id } of await direct.rows<{ id: string }>(REFUNDS)) {
    const caught = byId.has(`<refund.${id}@${SENDER}>`);
    findings.check(
      'a buyer gets a mail about each refund',
      id,
      caught ? null : 'no such mail was caught',
    );
  }
  const resends = await direct.rows<{ id: string; mails: number }>(
    `select reservation_id as id, count(*)::int as mails from mails where kind = 'tickets' and sequence > 0 group by 1`,
  );
  const sentAgain = new Map(resends.map((row) => [row.id, row.mails]));
  for (const claim of journal.claims.values()) {
    if (claim.resends === 0) continue;
    const mails = sentAgain.get(claim.id) ?? 0;
    const wrong =
      mails >= claim.resends ? null : `${claim.resends} were promised, ${mails} are known`;
    findings.check('a resend that was answered 202 is sent', claim.id, wrong);
  }
  const duplicates = [...byId.values()].reduce((sum, times) => sum + times - 1, 0);
  return {
    files,
    messages: byId.size,
    duplicates,
    cutShort,
    listed: await listed(services.mailUrl),
  };
}
