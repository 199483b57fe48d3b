import { formatMoney } from '../../domain/currency';
import type { Money } from '../../domain/money';
import { TEXTS, textOf, type Language, type TextKey } from './texts';

const KEPT_AS = 'holdfast.language';

function firstLanguage(): Language {
  const wished = [localStorage.getItem(KEPT_AS), ...navigator.languages];
  const found = wished.map((tag) => tag?.slice(0, 2)).find((tag) => tag && tag in TEXTS);
  return (found ?? 'en') as Language;
}

let language = firstLanguage();
document.documentElement.lang = language;

export const currentLanguage = (): Language => language;

export function setLanguage(next: Language): void {
  language = next;
  document.documentElement.lang = next;
  localStorage.setItem(KEPT_AS, next);
}

/** A text in the language of the page. */
export const t = (key: TextKey, values?: Record<string, string | number>): string =>
  textOf(language, key, values);

/** A text whose key is made of a value that may be new: then the value itself is shown. */
export function tOf(prefix: 'status' | 'type' | 'disabled', value: string): string {
  const key = `${prefix}.${value}`;
  return key in TEXTS.en ? t(key as TextKey) : value;
}

const locale = () => (language === 'en' ? 'en-GB' : language);

export const moneyText = (money: Money): string => formatMoney(money, locale());

/** A time of day and date, in the time zone of whoever looks, unless another is given. */
export function timeText(rfc3339: string, timeZone?: string): string {
  return new Date(rfc3339).toLocaleString(locale(), {
    dateStyle: 'medium',
    timeStyle: 'short',
    ...(timeZone !== undefined && { timeZone }),
  });
}

/** To the second, for what follows on one another. */
export const momentText = (rfc3339: string): string =>
  new Date(rfc3339).toLocaleString(locale(), { dateStyle: 'medium', timeStyle: 'medium' });

export const clockText = (rfc3339: string): string =>
  new Date(rfc3339).toLocaleTimeString(locale(), { timeStyle: 'medium' });

export const numberText = (value: number): string => value.toLocaleString(locale());
