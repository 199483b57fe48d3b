import { useEffect, useState } from 'preact/hooks';
import type { Answer, Api } from '../staff/api';
import { newId } from '../ids';
import { moneyText, t, timeText } from '../staff/language';
import { failureText, Field, Select } from '../staff/parts';
import { AmountField, minorUnitsOf } from './amounts';
import { ActionDialog } from './dialog';
import type { Money } from '../../domain/money';
import type { RefundShown, ReservationShown } from './types';

interface ActionProps {
  api: Api;
  reservation: ReservationShown;
  onDone: () => void;
  onClose: () => void;
}

const pathOf = ({ id }: ReservationShown, call: string): string =>
  `/v1/reservations/${encodeURIComponent(id)}/${call}`;

export const Extend = ({ api, reservation, ...rest }: ActionProps) => (
  <ActionDialog
    {...rest}
    title={t('extend')}
    ask={t('extendAsk')}
    send={() => api('POST', pathOf(reservation, 'extend'))}
  />
);

interface Preview {
  refund: Money | null;
  retained: Money | null;
  termsUntil: string | null;
}

/** What a cancel by the terms would give back. */
function CancelPreview({ answer }: { answer: Answer<Preview> | null }) {
  if (!answer) return <p role="status">{t('loading')}</p>;
  if (answer.kind !== 'answer')
    return <p class="soft">{t('noPreview', { problem: failureText(answer) })}</p>;
  const { refund, retained, termsUntil } = answer.body;
  const text = (money: Money | null) => (money ? moneyText(money) : t('none'));
  return (
    <p class="preview" role="status">
      <b>{t('preview', { refund: text(refund), retained: text(retained) })}</b>
      {termsUntil !== null && <> {t('previewUntil', { until: timeText(termsUntil) })}</>}
    </p>
  );
}

/** Cancels, with the preview first. What differs from the terms is said in the body. */
export function Cancel({ api, reservation, ...rest }: ActionProps) {
  const [preview, setPreview] = useState<Answer<Preview> | null>(null);
  const [refund, setRefund] = useState('terms');
  useEffect(() => {
    void api<Preview>('GET', pathOf(reservation, 'cancel')).then(setPreview);
  }, []);
  const isSale = reservation.status === 'confirmed';
  const { currency } = reservation.total;
  return (
    <ActionDialog
      {...rest}
      title={t('cancelTitle')}
      ask={t('cancelAsk')}
      label={t('cancelTitle')}
      isReady={!isSale || preview !== null}
      send={({ amount = '', allowCheckedIn }) => {
        const units = minorUnitsOf(amount, currency);
        if (refund === 'amount' && units === null) return null;
        const body = {
          ...(refund !== 'terms' && { refund: refund === 'amount' ? { amount: units } : refund }),
          ...(allowCheckedIn && { allowCheckedIn: true }),
        };
        return api('POST', pathOf(reservation, 'cancel'), { body });
      }}
    >
      {isSale && (
        <>
          <CancelPreview answer={preview} />
          <Select
            label={t('refunds')}
            name="refund"
            value={refund}
            onChange={(event) => setRefund(event.currentTarget.value)}
            options={[
              ['terms', t('refundTerms')],
              ['full', t('refundFull')],
              ['none', t('refundNone')],
              ['amount', t('refundAmount')],
            ]}
          />
          {refund === 'amount' && <AmountField label={t('amount')} currency={currency} />}
          <label class="check">
            <input type="checkbox" name="allowCheckedIn" /> {t('allowCheckedIn')}
          </label>
        </>
      )}
    </ActionDialog>
  );
}

/** Gives a part of a payment back; seats and tickets stay. */
export function Refund({ api, reservation, ...rest }: ActionProps) {
  const [key] = useState(newId);
  const { currency } = reservation.total;
  return (
    <ActionDialog
      {...rest}
      title={t('refund')}
      ask={t('refundAsk')}
      send={({ amount = '', payment, reason }) => {
        const units = minorUnitsOf(amount, currency);
        if (units === null) return null;
        const body = { amount: units, reason, ...(payment && { payment }) };
        return api('POST', pathOf(reservation, 'refunds'), {
          body,
          headers: { 'idempotency-key': key },
        });
      }}
    >
      <AmountField label={t('amount')} currency={currency} />
      <Select
        label={t('payment')}
        name="payment"
        options={[
          ['', t('confirmingPayment')],
          ...reservation.payments.map(({ reference }) => [reference, reference] as const),
        ]}
      />
      <Field label={t('refundReason')} name="reason" required maxLength={500} />
    </ActionDialog>
  );
}

/** Says that a refund which no provider carries out was given back. */
export const MarkSucceeded = ({
  api,
  refund,
  onDone,
  onClose,
}: {
  api: Api;
  refund: RefundShown;
  onDone: () => void;
  onClose: () => void;
}) => (
  <ActionDialog
    title={t('markSucceeded')}
    ask={t('markAsk', { amount: moneyText(refund.amount) })}
    onDone={onDone}
    onClose={onClose}
    send={({ note }) =>
      api('POST', `/v1/refunds/${encodeURIComponent(refund.id)}/mark-succeeded`, { body: { note } })
    }
  >
    <Field label={t('note')} name="note" required maxLength={500} />
  </ActionDialog>
);

export function Resend({ api, reservation, ...rest }: ActionProps) {
  const [key] = useState(newId);
  return (
    <ActionDialog
      {...rest}
      title={t('resend')}
      ask={t('resendAsk', { email: reservation.buyer?.email ?? t('noBuyer') })}
      send={() =>
        api('POST', pathOf(reservation, 'resend'), { headers: { 'idempotency-key': key } })
      }
    />
  );
}

export const CorrectBuyer = ({ api, reservation, ...rest }: ActionProps) => (
  <ActionDialog
    {...rest}
    title={t('correctBuyer')}
    ask={t('correctAsk')}
    send={({ name, email }) =>
      api('PATCH', `/v1/reservations/${encodeURIComponent(reservation.id)}`, {
        body: { buyer: { name, email } },
      })
    }
  >
    <Field
      label={t('name')}
      name="name"
      required
      maxLength={200}
      defaultValue={reservation.buyer?.name ?? ''}
    />
    <Field
      label={t('email')}
      name="email"
      type="email"
      required
      maxLength={254}
      defaultValue={reservation.buyer?.email ?? ''}
    />
  </ActionDialog>
);
