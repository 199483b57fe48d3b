import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { Answer, Api } from '../staff/api';
import { listAll } from '../staff/events';
import { moneyText, t, timeText, tOf } from '../staff/language';
import { failureText, type Failure } from '../staff/parts';
import { Details } from './details';
import { ReservationLink } from './links';
import { Table, useLoad } from './lists';
import { MarkSucceeded } from './reservation-actions';
import type { RefundShown } from './types';

interface Note {
  id: string;
  kind: string;
  /** null: it is about something else, as an endpoint that was disabled. */
  reservation: string | null;
  reference: string | null;
  data: Record<string, unknown>;
  createdAt: string;
}
interface OutboxEntry {
  id: string;
  kind: string;
  subject: string;
  attempts: number;
  lastError: string | null;
  givenUpAt: string | null;
}
interface Mail {
  id: string;
  kind: string;
  reservation: string;
  requestedAt: string;
  error: string;
}
interface Endpoint {
  id: string;
  url: string;
  client: string;
  status: string;
  disabledReason: string | null;
  failingSince: string | null;
}

/** One list of what needs somebody, with a button a line. */
function Needed<Item extends { id: string }>({
  title,
  load,
  heads,
  cells,
  action,
}: {
  title: string;
  load: () => Promise<Answer<Item[]>>;
  heads: readonly string[];
  cells: (item: Item) => readonly ComponentChildren[];
  action?: (item: Item, reload: () => Promise<void>) => ComponentChildren;
}) {
  const { loaded, reload } = useLoad(load, []);
  const items = loaded && 'value' in loaded ? loaded.value : null;
  return (
    <section class="card">
      <h2>
        {title} {items && items.length > 0 && <span class="count">{items.length}</span>}
      </h2>
      {!loaded && <p role="status">{t('loading')}</p>}
      {loaded && 'kind' in loaded && (
        <p class="soft">{t('notThere', { problem: failureText(loaded) })}</p>
      )}
      {items?.length === 0 && <p class="soft">{t('nothingOpen')}</p>}
      {items && items.length > 0 && (
        <Table
          caption={title}
          heads={action ? [...heads, ''] : heads}
          rows={items.map((item) => ({
            id: item.id,
            cells: action ? [...cells(item), action(item, reload)] : cells(item),
          }))}
        />
      )}
    </section>
  );
}

/** A button that makes one call; a refusal stands beside it. */
function CallButton({
  label,
  call,
  onDone,
}: {
  label: string;
  call: () => Promise<Answer<unknown>>;
  onDone: () => unknown;
}) {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  async function send(): Promise<void> {
    setBusy(true);
    const answer = await call();
    setBusy(false);
    if (answer.kind === 'answer') onDone();
    else setFailure(answer);
  }
  return (
    <>
      <button disabled={busy} onClick={() => void send()}>
        {label}
      </button>
      {failure && <p role="alert">{failureText(failure)}</p>}
    </>
  );
}

function MarkButton({
  api,
  refund,
  onDone,
}: {
  api: Api;
  refund: RefundShown;
  onDone: () => unknown;
}) {
  const [open, setOpen] = useState(false);
  if (refund.by !== 'client') return null;
  return (
    <>
      <button onClick={() => setOpen(true)}>{t('markSucceeded')}</button>
      {open && (
        <MarkSucceeded
          api={api}
          refund={refund}
          onDone={() => {
            setOpen(false);
            onDone();
          }}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

async function pendingRefunds(api: Api): Promise<Answer<RefundShown[]>> {
  const answer = await listAll<RefundShown>(api, '/v1/refunds?status=pending');
  if (answer.kind !== 'answer') return answer;
  return {
    ...answer,
    body: answer.body.filter(({ error, by }) => error !== null || by === 'client'),
  };
}

async function disabledEndpoints(api: Api): Promise<Answer<Endpoint[]>> {
  const answer = await listAll<Endpoint>(api, '/v1/webhook-endpoints');
  if (answer.kind !== 'answer') return answer;
  return { ...answer, body: answer.body.filter(({ status }) => status === 'disabled') };
}

/** What does not go on without somebody. */
export function Attention({ api }: { api: Api }) {
  return (
    <>
      <h1>{t('attention')}</h1>
      <Needed<Note>
        title={t('openNotes')}
        load={() => listAll<Note>(api, '/v1/notes?open=true')}
        heads={[t('kind'), t('reservation'), t('payment'), t('details'), t('since')]}
        cells={(note) => [
          note.kind,
          <ReservationLink id={note.reservation} />,
          note.reference,
          <Details data={note.data} />,
          timeText(note.createdAt),
        ]}
        action={(note, reload) => (
          <CallButton
            label={t('close')}
            call={() => api('POST', `/v1/notes/${note.id}/close`)}
            onDone={reload}
          />
        )}
      />
      <Needed<RefundShown>
        title={t('refusedRefunds')}
        load={() => pendingRefunds(api)}
        heads={[t('amount'), t('reservation'), t('givenBackBy'), t('error'), t('since')]}
        cells={(refund) => [
          moneyText(refund.amount),
          <ReservationLink id={refund.reservation} />,
          refund.by,
          refund.error,
          timeText(refund.createdAt),
        ]}
        action={(refund, reload) => <MarkButton api={api} refund={refund} onDone={reload} />}
      />
      <Needed<Mail>
        title={t('undelivered')}
        load={() => listAll<Mail>(api, '/v1/mails/undelivered')}
        heads={[t('kind'), t('reservation'), t('error'), t('since')]}
        cells={(mail) => [
          mail.kind,
          <ReservationLink id={mail.reservation} />,
          mail.error,
          timeText(mail.requestedAt),
        ]}
      />
      <Needed<OutboxEntry>
        title={t('givenUp')}
        load={() => listAll<OutboxEntry>(api, '/v1/outbox?givenUp=true')}
        heads={[t('kind'), t('details'), t('attempts'), t('error'), t('since')]}
        cells={(entry) => [
          entry.kind,
          <code>{entry.subject}</code>,
          entry.attempts,
          entry.lastError,
          entry.givenUpAt && timeText(entry.givenUpAt),
        ]}
        action={(entry, reload) => (
          <CallButton
            label={t('retry')}
            call={() => api('POST', `/v1/outbox/${entry.id}/retry`)}
            onDone={reload}
          />
        )}
      />
      <Needed<Endpoint>
        title={t('disabledEndpoints')}
        load={() => disabledEndpoints(api)}
        heads={[t('details'), t('client'), t('reason'), t('failingSince')]}
        cells={(endpoint) => [
          <code class="data">{endpoint.url}</code>,
          <bdi>{endpoint.client}</bdi>,
          endpoint.disabledReason && tOf('disabled', endpoint.disabledReason),
          endpoint.failingSince && timeText(endpoint.failingSince),
        ]}
        action={(endpoint, reload) => (
          <CallButton
            label={t('enable')}
            call={() => api('POST', `/v1/webhook-endpoints/${endpoint.id}/enable`)}
            onDone={reload}
          />
        )}
      />
    </>
  );
}
