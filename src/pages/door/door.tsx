import { useEffect, useRef, useState } from 'preact/hooks';
import { serverTime, type Api } from '../staff/api';
import { newId } from '../ids';
import { clockText, numberText, t } from '../staff/language';
import { Field, Form } from '../staff/parts';
import { Camera } from './camera';
import { dropScan, isTooOld, keepScan, keptScans, sendScan, type KeptScan } from './kept-scans';
import { fetchTicketKey, fetchVoided, judgeOffline, type Knowledge } from './offline';
import type { Place } from './place';
import {
  alreadyHere,
  greenOf,
  Light,
  offlineVerdict,
  queueFull,
  redOf,
  tooLate,
  type Verdict,
} from './verdict';

/** A person waits: without an answer by then the scan is kept. */
const ANSWER_WITHIN_MS = 4000;
const SEND_EVERY_MS = 3000;
const COUNT_EVERY_MS = 10_000;
const LEARN_EVERY_MS = 30_000;
const MOST_SHOWN = 30;

interface Summary {
  entries: number;
  expected: number;
  gates: { gate: string | null; entries: number }[];
}

interface Shown {
  id: string;
  at: string;
  late: boolean;
  verdict: Verdict;
}

/** Calls again and again, the first time at once, each time when the call before has ended. */
function useEvery(ms: number, look: () => Promise<unknown>, of: readonly unknown[]): void {
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let ended = false;
    const run = async () => {
      await look().catch(() => undefined);
      if (!ended) timer = setTimeout(() => void run(), ms);
    };
    void run();
    return () => {
      ended = true;
      clearTimeout(timer);
    };
  }, of);
}

/** One door: scans, their lights, what is kept to be sent, and the counts. */
export function Door({ api, place, onLeave }: { api: Api; place: Place; onLeave: () => void }) {
  const { event, eventId, gate } = place;
  const [online, setOnline] = useState(true);
  const [checking, setChecking] = useState(false);
  const [verdict, setVerdict] = useState<Verdict | null>(null);
  const [shown, setShown] = useState<Shown[]>([]);
  const [kept, setKept] = useState(() => keptScans().length);
  const [summary, setSummary] = useState<Summary | null>(null);
  const knowledge = useRef<Knowledge & { voided: Map<string, { seat: string; why: string }> }>({
    eventId,
    voided: new Map(),
    ticketKey: null,
  });
  const voidedAfter = useRef<string | null>(null);
  /** Codes that came in here, or may have: when. */
  const here = useRef(new Map(keptScans().map((scan) => [scan.code, scan.scannedAt])));
  const busy = useRef(false);
  const isOnline = useRef(true);
  isOnline.current = online;

  const show = (scan: KeptScan, late: boolean, next: Verdict) =>
    setShown((list) =>
      [{ id: scan.scanId, at: scan.scannedAt, late, verdict: next }, ...list].slice(0, MOST_SHOWN),
    );

  const count = async () => {
    const path = `/v1/events/${encodeURIComponent(event)}/check-ins/summary`;
    const answer = await api<Summary>('GET', path, { timeoutMs: ANSWER_WITHIN_MS });
    if (answer.kind === 'answer') setSummary(answer.body);
    setOnline(answer.kind !== 'away');
  };

  useEvery(COUNT_EVERY_MS, count, [event]);

  useEvery(LEARN_EVERY_MS, async () => {
    const known = knowledge.current;
    known.ticketKey ??= await fetchTicketKey(api);
    voidedAfter.current = await fetchVoided(api, event, voidedAfter.current, known.voided);
  }, [event]);

  /** Sends what is kept, in order, until one cannot be sent. */
  useEvery(SEND_EVERY_MS, async () => {
    const notOurs = new Set<string>();
    for (const scan of keptScans()) {
      if (isTooOld(scan, serverTime())) {
        dropScan(scan.scanId);
        show(scan, true, tooLate());
        continue;
      }
      if (notOurs.has(scan.event)) continue;
      const answer = await sendScan(api, scan, { late: true, timeoutMs: ANSWER_WITHIN_MS });
      if (answer.kind === 'undecided') break;
      if (answer.kind === 'not_with_this_key') {
        notOurs.add(scan.event);
        continue;
      }
      dropScan(scan.scanId);
      setOnline(true);
      show(scan, true, answer.kind === 'in' ? greenOf(answer.entry) : redOf(answer));
      setKept(keptScans().length);
    }
    setKept(keptScans().length);
    if (!isOnline.current) await count();
  }, [event]);

  async function keep(scan: KeptScan): Promise<Verdict> {
    const before = here.current.get(scan.code);
    if (before !== undefined) return alreadyHere(before);
    const offline = await judgeOffline(scan.code, knowledge.current);
    if (offline.kind === 'kept') {
      if (!keepScan(scan)) return queueFull();
      here.current.set(scan.code, scan.scannedAt);
      setKept(keptScans().length);
    }
    return offlineVerdict(offline);
  }

  async function judge(scan: KeptScan): Promise<Verdict> {
    // One that is kept here may have come in: the server does not know yet.
    if (!isOnline.current || keptScans().some(({ code }) => code === scan.code)) return keep(scan);
    const answer = await sendScan(api, scan, { late: false, timeoutMs: ANSWER_WITHIN_MS });
    if (answer.kind === 'undecided' || answer.kind === 'not_with_this_key') {
      setOnline(false);
      return keep(scan);
    }
    if (answer.kind === 'refused') return redOf(answer);
    here.current.set(scan.code, scan.scannedAt);
    return greenOf(answer.entry);
  }

  async function check(text: string): Promise<void> {
    const code = text.trim();
    if (code === '' || busy.current) return;
    busy.current = true;
    setChecking(true);
    const scannedAt = serverTime().toISOString();
    const scan = { scanId: newId(), code, event, gate, scannedAt };
    try {
      const next = await judge(scan);
      setVerdict(next);
      show(scan, false, next);
      if (next.light === 'green') void count();
      (navigator as Partial<Pick<Navigator, 'vibrate'>>).vibrate?.(
        next.light === 'red' ? [200, 80, 200] : 60,
      );
    } finally {
      busy.current = false;
      setChecking(false);
    }
  }

  return (
    <main class="door">
      <div class="where">
        <h1 dir="auto">{place.name}</h1>
        <p>
          {gate !== null && <span dir="auto">{t('atGate', { gate })} · </span>}
          <span class={online ? 'net' : 'net away'} role="status">
            {t(online ? 'online' : 'offline')}
          </span>
          {kept > 0 && <span class="kept"> · {t('queued', { count: kept })}</span>}
        </p>
        <button class="plain" onClick={onLeave}>
          {t('changeEvent')}
        </button>
      </div>
      <div class="scan">
        <Light verdict={verdict} checking={checking} />
        <Camera onCode={(code) => void check(code)} />
        <Form
          class="typed"
          onSend={({ code }, form) => {
            form.reset();
            (form.elements.namedItem('code') as HTMLInputElement).focus();
            return check(code ?? '');
          }}
        >
          <Field
            label={t('typeCode')}
            name="code"
            maxLength={2000}
            autocapitalize="off"
            autoFocus
          />
          <button class="main">{t('check')}</button>
        </Form>
      </div>
      <section class="card" aria-labelledby="counts">
        <h2 id="counts">{t('counts')}</h2>
        {summary && (
          <>
            <p class="sum">
              {t('countsOf', {
                entries: numberText(summary.entries),
                expected: numberText(summary.expected),
              })}
            </p>
            <ul class="gates">
              {summary.gates.map((one) => (
                <li key={one.gate}>
                  <span dir="auto">{one.gate ?? t('noGate')}</span>
                  <b>{numberText(one.entries)}</b>
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section class="card" aria-labelledby="recent">
        <h2 id="recent">{t('recent')}</h2>
        {shown.length === 0 && <p class="soft">{t('noScans')}</p>}
        <ul class="recent">
          {shown.map(({ id, at, late, verdict: one }) => (
            <li key={id + String(late)} data-light={one.light}>
              <span class={`dot ${one.light}`}>
                {t(one.light === 'amber' ? 'kept' : one.light)}
              </span>
              <span>
                {clockText(at)} {one.light === 'red' && one.reason}{' '}
                <span dir="auto">{one.facts[0]?.[1]}</span>
                {late && <i> {t(one.light === 'green' ? 'late' : 'lateRefused')}</i>}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </main>
  );
}
