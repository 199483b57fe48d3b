import { render } from 'preact';
import { languageOf, textsIn, type Language } from '../texts';
import { createClient } from './client';
import { ShopContext, type Shop } from './context';
import { EventPage } from './event-page';
import { EventsPage } from './events-page';

interface Config {
  key: string;
  paymentUrl: string | null;
  temporalUiUrl: string | null;
  mailUrl: string | null;
}

const LANGUAGE = 'holdfast.language';

function readLanguage(): Language {
  const wanted = new URLSearchParams(location.search).get('lang');
  try {
    if (wanted !== null) localStorage.setItem(LANGUAGE, wanted);
    const kept = localStorage.getItem(LANGUAGE);
    return languageOf([
      ...(wanted === null ? [] : [wanted]),
      ...(kept === null ? [] : [kept]),
      ...navigator.languages,
    ]);
  } catch {
    return languageOf(navigator.languages);
  }
}

function Frame({ shop, config }: { shop: Shop; config: Config }) {
  const { text, language } = shop;
  const slug = /^\/events\/([^/]+)$/.exec(location.pathname)?.[1];
  const links = [
    ['/api/docs/', text('apiDocs')],
    ['/api/redoc/', text('apiReference')],
    [config.temporalUiUrl, text('temporalUi')],
    [config.mailUrl, text('mailCatcher')],
  ] as const;
  return (
    <ShopContext.Provider value={shop}>
      <header class="top">
        <a class="brand" href="/">
          {text('brand')}
        </a>
        <a href={`?lang=${language === 'en' ? 'de' : 'en'}`} lang={language === 'en' ? 'de' : 'en'}>
          {text('language')}
        </a>
      </header>
      {slug === undefined ? <EventsPage /> : <EventPage slug={decodeURIComponent(slug)} />}
      <footer>
        <h2>{text('developers')}</h2>
        <ul>
          {links.map(
            ([url, name]) =>
              url !== null && (
                <li key={name}>
                  <a href={url}>{name}</a>
                </li>
              ),
          )}
        </ul>
      </footer>
    </ShopContext.Provider>
  );
}

/** Reads the settings of the shop window and shows it. */
export async function start(): Promise<void> {
  const config = (await (await fetch('/assets/config.json')).json()) as Config;
  const language = readLanguage();
  document.documentElement.lang = language;
  const shop = {
    ...textsIn(language),
    client: createClient(config.key),
    paymentUrl: config.paymentUrl,
  };
  render(<Frame shop={shop} config={config} />, document.getElementById('app')!);
}
