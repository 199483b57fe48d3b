import { useState } from 'preact/hooks';
import type { Money } from '../../domain/money';
import type { Api } from '../staff/api';
import { newId } from '../ids';
import { moneyText, t, timeText } from '../staff/language';
import { FailureNote, Field, Form, type Failure } from '../staff/parts';
import { labelsOf } from './amounts';
import { Dialog, DialogButtons } from './dialog';
import type { ReservationShown } from './types';

interface ChangeShown {
  id: string;
  status: string;
  due: Money | null;
  refund: Money | null;
  expiresAt: string | null;
}

/** What a quote asks for, and how it is confirmed or withdrawn. */
function Quote({
  change,
  busy,
  onConfirm,
  onWithdraw,
}: {
  change: ChangeShown;
  busy: boolean;
  onConfirm: (reference: string | undefined) => unknown;
  onWithdraw: () => unknown;
}) {
  const { due, refund, expiresAt } = change;
  return (
    <Form onSend={({ reference }) => onConfirm(reference)}>
      <p class="preview" role="status">
        <b>
          {due
            ? t('quoteDue', { amount: moneyText(due) })
            : refund
              ? t('quoteRefund', { amount: moneyText(refund) })
              : t('quoteEven')}
        </b>{' '}
        {expiresAt !== null && t('quoteUntil', { until: timeText(expiresAt) })}
      </p>
      {due && <Field label={t('paymentReference')} name="reference" required maxLength={255} />}
      <div class="row">
        <button class="main" disabled={busy}>
          {t('confirmChange')}
        </button>
        <button type="button" disabled={busy} onClick={() => onWithdraw()}>
          {t('withdraw')}
        </button>
      </div>
    </Form>
  );
}

/** Changes seats: of a hold at once, of a sale by a quote that is confirmed. */
export function Change({
  api,
  reservation,
  onDone,
  onClose,
}: {
  api: Api;
  reservation: ReservationShown;
  onDone: () => void;
  onClose: () => void;
}) {
  const [change, setChange] = useState<ChangeShown | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const [key] = useState(newId);
  const path = `/v1/reservations/${encodeURIComponent(reservation.id)}/changes`;

  async function call(method: string, to: string, body?: unknown): Promise<void> {
    setBusy(true);
    const answer = await api<ChangeShown | null>(method, to, {
      ...(to === path && { headers: { 'idempotency-key': key } }),
      ...(body !== undefined && { body }),
    });
    setBusy(false);
    if (answer.kind !== 'answer') {
      setFailure(answer);
      return;
    }
    setFailure(null);
    // What is withdrawn has no body.
    if (answer.body?.status === 'quoted' && to === path) setChange(answer.body);
    else onDone();
  }

  const own = change && `${path}/${encodeURIComponent(change.id)}`;
  return (
    <Dialog title={t('change')} onClose={onClose}>
      {own === null ? (
        <Form
          onSend={({ take = '', event = '' }, form) => {
            const labels = labelsOf(take);
            const released = [...form.querySelectorAll<HTMLInputElement>('[name=release]:checked')];
            const release = released.map((box) => reservation.seats[Number(box.value)]!);
            return call('POST', path, {
              release: release.map((seat) => ({ event: seat.event, label: seat.label })),
              take: labels.length === 0 ? [] : [{ event, seats: labels }],
            });
          }}
        >
          <p>{t('changeAsk')}</p>
          <fieldset>
            <legend>{t('release')}</legend>
            {reservation.seats.map((seat, index) => (
              <label class="check" key={`${seat.event} ${seat.label}`}>
                <input type="checkbox" name="release" value={index} /> {seat.label} ·{' '}
                {moneyText(seat.price)}
              </label>
            ))}
          </fieldset>
          <Field label={t('take')} name="take" />
          <Field
            label={t('takeFrom')}
            name="event"
            defaultValue={reservation.event ?? reservation.seats[0]?.event ?? ''}
          />
          <FailureNote failure={failure} />
          <DialogButtons label={t('quote')} busy={busy} onClose={onClose} />
        </Form>
      ) : (
        <>
          <FailureNote failure={failure} />
          <Quote
            change={change!}
            busy={busy}
            onConfirm={(reference) =>
              call(
                'POST',
                `${own}/confirm`,
                reference ? { payment: { reference, ...change!.due } } : {},
              )
            }
            onWithdraw={() => call('DELETE', own)}
          />
        </>
      )}
    </Dialog>
  );
}
