import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Answer } from '../staff/api';
import { t, tOf } from '../staff/language';
import { FailureNote, type Failure } from '../staff/parts';

/** A status as a word in a frame; the colour adds nothing that the word does not say. */
export const Status = ({ status }: { status: string }) => (
  <span class={`status ${status}`}>{tOf('status', status)}</span>
);

/** A table that may be wider than a phone. */
export function Table({
  caption,
  heads,
  rows,
}: {
  caption: string;
  heads: readonly string[];
  rows: readonly { id: string; cells: readonly ComponentChildren[] }[];
}) {
  return (
    <div class="wide" role="region" aria-label={caption} tabIndex={0}>
      <table>
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {heads.map((head, index) => (
              <th key={index} scope="col">
                {head === '' ? <span class="unseen">{t('actions')}</span> : head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ id, cells }) => (
            <tr key={id}>
              {cells.map((cell, index) => (
                <td key={index}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

type Loaded<Value> = { value: Value; etag: string | null } | Failure | null;

/** Loads something, and again when it is asked for or when what it depends on is another. */
export function useLoad<Value>(
  load: () => Promise<Answer<Value>>,
  of: readonly unknown[],
): { loaded: Loaded<Value>; reload: () => Promise<void> } {
  const [loaded, setLoaded] = useState<Loaded<Value>>(null);
  const reload = async () => {
    const answer = await load();
    setLoaded(answer.kind === 'answer' ? { value: answer.body, etag: answer.etag } : answer);
  };
  useEffect(() => {
    setLoaded(null);
    void reload();
  }, of);
  return { loaded, reload };
}

/** What was loaded, once it is there; else that it is on its way, or why it does not come. */
export function Loading<Value>({
  loaded,
  children,
}: {
  loaded: Loaded<Value>;
  children: (value: Value, etag: string | null) => ComponentChildren;
}) {
  if (!loaded) return <p role="status">{t('loading')}</p>;
  if ('kind' in loaded) return <FailureNote failure={loaded} />;
  return <>{children(loaded.value, loaded.etag)}</>;
}

/** Facts in two columns; those without a value are left out. */
export function Facts({
  facts,
  wide = false,
}: {
  wide?: boolean;
  facts: readonly (readonly [label: string, value: ComponentChildren])[];
}) {
  return (
    <dl class={wide ? 'facts long' : 'facts'}>
      {facts.map(([label, value]) =>
        value === null || value === '' ? null : (
          <div key={label}>
            <dt>{label}</dt>
            <dd dir="auto">{value}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
