import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import type { Answer, Api, Problem } from './api';
import { currentLanguage, setLanguage, t } from './language';
import { LANGUAGES, type Language } from './texts';

/** What the server says of a session. */
export interface SignedIn {
  client: string;
  role: string;
  /** The slug of the only event that the key is for. */
  event: string | null;
  temporal: { workflow: string; query: string } | null;
}

export type Failure = Exclude<Answer<unknown>, { kind: 'answer' }>;

/** Why a call was refused, in the words of the API; or that there is no network. */
export const failureText = (failure: Failure): string =>
  failure.kind === 'away' ? t('noNetwork') : failure.problem.detail;

export function FailureNote({ failure }: { failure: Failure | null }) {
  if (!failure) return null;
  const problem: Problem | null = failure.kind === 'refused' ? failure.problem : null;
  return (
    <div class="problem" role="alert">
      <p>{failureText(failure)}</p>
      {problem && (
        <p class="fine">
          <code>{problem.code}</code> · {t('requestId', { id: problem.requestId })}
        </p>
      )}
    </div>
  );
}

export function Field({
  label,
  hint,
  ...input
}: { label: string; hint?: string } & JSX.IntrinsicElements['input']) {
  const hintId = useId();
  return (
    <div class="field">
      <label>
        <span>{label}</span>
        <input
          autocomplete="off"
          spellcheck={false}
          aria-describedby={hint === undefined ? undefined : hintId}
          {...input}
        />
      </label>
      {hint !== undefined && <small id={hintId}>{hint}</small>}
    </div>
  );
}

export function Select({
  label,
  options,
  ...select
}: {
  label: string;
  options: readonly (readonly [string, string])[];
} & JSX.IntrinsicElements['select']) {
  return (
    <label class="field">
      <span>{label}</span>
      <select {...select}>
        {options.map(([value, text]) => (
          <option key={value} value={value} selected={value === select.value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The texts of a form's fields, without blanks around them. */
function textsOf(form: HTMLFormElement): Record<string, string> {
  const entries = [...new FormData(form)].map(([name, value]) => [
    name,
    typeof value === 'string' ? value.trim() : '',
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}

/** A form that is sent by us: the browser navigates nowhere. */
export function Form({
  onSend,
  children,
  ...form
}: { onSend: (texts: Record<string, string>, form: HTMLFormElement) => unknown } & Omit<
  JSX.IntrinsicElements['form'],
  'onSubmit'
>) {
  return (
    <form
      {...form}
      onSubmit={(event) => {
        event.preventDefault();
        void onSend(textsOf(event.currentTarget), event.currentTarget);
      }}
    >
      {children}
    </form>
  );
}

function LanguageChoice({ onChange }: { onChange: () => void }) {
  return (
    <label class="language">
      <span class="unseen">{t('language')}</span>
      <select
        value={currentLanguage()}
        onChange={(event) => {
          setLanguage(event.currentTarget.value as Language);
          onChange();
        }}
      >
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code} selected={code === currentLanguage()}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** The key is sent once; from then on the browser has a cookie that no script can read. */
function SignIn({
  api,
  page,
  ended,
  onSignedIn,
}: {
  api: Api;
  page: 'door' | 'operator';
  ended: boolean;
  onSignedIn: (session: SignedIn) => void;
}) {
  const [failure, setFailure] = useState<Failure | null>(null);
  const [busy, setBusy] = useState(false);
  const isDoor = page === 'door';
  return (
    <main class="narrow">
      <h1>{t(isDoor ? 'signInDoor' : 'signInOperator')}</h1>
      {ended && <p role="status">{t('sessionEnded')}</p>}
      <Form
        class="card"
        onSend={async ({ key }, form) => {
          setBusy(true);
          const answer = await api<SignedIn>('POST', `/${page}/session`, { body: { key } });
          setBusy(false);
          if (answer.kind === 'answer') {
            form.reset();
            onSignedIn(answer.body);
          } else setFailure(answer);
        }}
      >
        <Field
          label={t(isDoor ? 'keyOfScanner' : 'keyOfOperator')}
          name="key"
          type="password"
          required
        />
        <FailureNote failure={failure} />
        <button class="main" disabled={busy}>
          {t('signIn')}
        </button>
      </Form>
    </main>
  );
}

/** The frame of a page: the sign-in, and what is shown behind it. */
export function SessionFrame({
  page,
  makeApi,
  children,
}: {
  page: 'door' | 'operator';
  makeApi: (onEnded: () => void) => Api;
  children: (context: { api: Api; session: SignedIn; signOut: () => void }) => ComponentChildren;
}) {
  const [state, setState] = useState<SignedIn | 'unknown' | 'none' | 'ended' | Failure>('unknown');
  const [, redraw] = useState(0);
  const [api] = useState(() => makeApi(() => setState('ended')));
  const look = async () => {
    setState('unknown');
    const answer = await api<SignedIn>('GET', `/${page}/session`);
    if (answer.kind === 'answer') setState(answer.body);
    else if (answer.kind === 'refused' && answer.problem.status === 401) setState('none');
    else setState(answer);
  };
  useEffect(() => void look(), []);
  const signOut = async () => {
    await api('DELETE', `/${page}/session`);
    setState('none');
  };
  const signedIn = typeof state === 'object' && 'client' in state;
  return (
    <>
      <header class="bar">
        <a class="brand" href={`/${page}`}>
          Holdfast · {t(page)}
        </a>
        <LanguageChoice onChange={() => redraw((count) => count + 1)} />
        {signedIn && (
          <button class="plain" onClick={() => void signOut()}>
            {t('signOut')}
          </button>
        )}
      </header>
      {state === 'unknown' ? (
        <main>
          <p role="status">{t('loading')}</p>
        </main>
      ) : state === 'none' || state === 'ended' ? (
        <SignIn api={api} page={page} ended={state === 'ended'} onSignedIn={setState} />
      ) : signedIn ? (
        children({ api, session: state, signOut: () => void signOut() })
      ) : (
        <main>
          <FailureNote failure={state} />
          <button onClick={() => void look()}>{t('tryAgain')}</button>
        </main>
      )}
    </>
  );
}
