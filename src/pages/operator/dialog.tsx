import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Answer } from '../staff/api';
import { t } from '../staff/language';
import { FailureNote, Form, type Failure } from '../staff/parts';

/** A modal dialog that is open while it is there. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  return (
    <dialog ref={dialog} aria-labelledby="dialog-title" onClose={onClose}>
      <h2 id="dialog-title">{title}</h2>
      {children}
    </dialog>
  );
}

/** Buttons at the end of a dialog's form. */
export function DialogButtons({
  label,
  busy,
  onClose,
}: {
  label: string;
  busy: boolean;
  onClose: () => void;
}) {
  return (
    <div class="row">
      <button class="main" disabled={busy}>
        {label}
      </button>
      <button type="button" onClick={onClose}>
        {t('cancelDialog')}
      </button>
    </div>
  );
}

/**
 * An action with what it takes and a button that carries it out; a refusal is shown in the words of
 * the API, and the dialog stays.
 * @param send null: the form's texts cannot be used; the form says why
 */
export function ActionDialog({
  title,
  ask,
  label = t('carryOut'),
  isReady = true,
  send,
  onDone,
  onClose,
  children,
}: {
  title: string;
  ask: string;
  label?: string;
  /** false: what the action would do is not shown yet, so it cannot be carried out. */
  isReady?: boolean;
  send: (texts: Record<string, string>) => Promise<Answer<unknown>> | null;
  onDone: () => void;
  onClose: () => void;
  children?: ComponentChildren;
}) {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{ask}</p>
      <Form
        onSend={async (texts) => {
          const sent = send(texts);
          if (!sent) return;
          setBusy(true);
          const answer = await sent;
          setBusy(false);
          if (answer.kind === 'answer') onDone();
          else setFailure(answer);
        }}
      >
        {children}
        <FailureNote failure={failure} />
        <DialogButtons label={label} busy={busy || !isReady} onClose={onClose} />
      </Form>
    </Dialog>
  );
}
