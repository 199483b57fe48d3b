import { clockText, t, timeText } from '../staff/language';
import type { Entry, ScanAnswer } from './kept-scans';
import type { OfflineVerdict } from './offline';

/** What is shown of a scan. Only an answer of the server is ever green. */
export interface Verdict {
  light: 'green' | 'red' | 'amber';
  /** Why not, or what to think of it. */
  reason: string;
  facts: (readonly [label: string, value: string])[];
}

const whyVoid = (why: string): string =>
  why === 'cancelled'
    ? t('voidCancelled')
    : why === 'changed'
      ? t('voidChanged')
      : t('voidOther', { why });

function timeOf(rfc3339: string): string {
  const isToday = new Date(rfc3339).toDateString() === new Date().toDateString();
  return isToday ? clockText(rfc3339) : timeText(rfc3339);
}

export const greenOf = ({ seat, holder }: Entry): Verdict => ({
  light: 'green',
  reason: '',
  facts: [[t('seat'), seat], ...(holder === '' ? [] : [[t('holder'), holder] as const])],
});

const red = (reason: string, facts: Verdict['facts'] = []): Verdict => ({
  light: 'red',
  reason,
  facts,
});

export function redOf({
  code,
  detail,
  members,
}: Extract<ScanAnswer, { kind: 'refused' }>): Verdict {
  const known = members as {
    seat?: string;
    holder?: string;
    firstCheckInAt?: string;
    gate?: string | null;
    why?: string;
  };
  switch (code) {
    case 'already_checked_in':
      return red(t('alreadyIn'), [
        [t('seat'), known.seat ?? ''],
        ...(known.holder ? [[t('holder'), known.holder] as const] : []),
        [t('firstTime'), known.firstCheckInAt ? timeOf(known.firstCheckInAt) : ''],
        ...(known.gate ? [['', t('atGate', { gate: known.gate })] as const] : []),
      ]);
    case 'wrong_event':
      return red(t('wrongEvent'), [['', detail]]);
    case 'ticket_void':
      return red(t('ticketVoid'), [['', whyVoid(known.why ?? '')]]);
    case 'not_found':
      return red(t('unknownTicket'));
    case 'scan_undone':
      return red(t('scanUndone'));
    default:
      return red(t('notToBeSent'), [['', detail]]);
  }
}

export function offlineVerdict(verdict: OfflineVerdict): Verdict {
  switch (verdict.kind) {
    case 'unknown':
      return red(t('unknownTicket'));
    case 'wrong_event':
      return red(t('wrongEvent'));
    case 'ticket_void':
      return red(t('ticketVoid'), [
        [t('seat'), verdict.seat],
        ['', whyVoid(verdict.why)],
      ]);
    case 'kept':
      return {
        light: 'amber',
        reason: t('amberDetail'),
        facts: [
          ...(verdict.seat === null ? [] : [[t('seat'), verdict.seat] as const]),
          ...(verdict.genuine ? [['', t('amberGenuine')] as const] : []),
        ],
      };
  }
}

export const alreadyHere = (scannedAt: string): Verdict =>
  red(t('alreadyHere'), [['', timeOf(scannedAt)]]);
export const queueFull = (): Verdict => red(t('queueFull'));
export const tooLate = (): Verdict => red(t('notToBeSent'), [['', t('keptTooLong')]]);

/** Drawn, as not every font has such signs. */
const SIGNS = {
  green: 'M4 13l6 6L20 6',
  red: 'M5 5l14 14M19 5L5 19',
  amber: 'M12 4v11M12 19v1',
} as const;

/** The big light. */
export function Light({ verdict, checking }: { verdict: Verdict | null; checking: boolean }) {
  const light = checking ? 'none' : (verdict?.light ?? 'none');
  return (
    <section class={`light ${light}`} role="status" aria-live="assertive" data-light={light}>
      {checking || !verdict ? (
        <p class="word">{t(checking ? 'checking' : 'ready')}</p>
      ) : (
        <>
          <p class="word">
            <svg class="sign" viewBox="0 0 24 24" aria-hidden="true">
              <path d={SIGNS[verdict.light]} />
            </svg>
            {t(verdict.light)}
          </p>
          {verdict.reason !== '' && <p class="reason">{verdict.reason}</p>}
          <dl>
            {verdict.facts.map(([label, value]) => (
              <div key={label + value}>
                <dt class={label === '' ? 'unseen' : ''}>{label === '' ? t('details') : label}</dt>
                <dd dir="auto">{value}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </section>
  );
}
