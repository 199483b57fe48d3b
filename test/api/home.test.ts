import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

const pages = {
  DEV_TEMPORAL_UI_URL: 'http://127.0.0.1:8233',
  DEV_MAIL_URL: 'http://127.0.0.1:1080/?a=1&b=2',
  // Else the shop window is there.
  SHOP_WINDOW: 'off',
};
let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ apiEnv: pages });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const home = (headers: Record<string, string> = { accept: 'text/html' }) =>
  fetch(system.info.apiUrl, { headers });

/** The page as soon as what is kept of an earlier one has run out. */
async function freshHome(expected: string): Promise<string> {
  for (const until = Date.now() + 20_000; ;) {
    const html = await (await home()).text();
    if (html.includes(expected) || Date.now() > until) return html;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** What the page shows of one event. */
const cardOf = (html: string, slug: string) =>
  html.split('<li class="event').find((card) => card.includes(slug)) ?? '';

describe('The start page', () => {
  it('lists the events with their free seats and prices, earliest first, and those that have begun no more', async () => {
    const later = await api.event({ name: 'Later', startsAt: '2031-01-01T19:00:00Z' });
    const sooner = await api.event({ name: 'Sooner', startsAt: '2030-01-01T19:00:00Z' });
    const past = await api.event({ name: 'Past', startsAt: '2020-01-01T19:00:00Z' });
    await api.held(sooner, ['A-1', 'A-2']);
    const html = await freshHome(sooner);
    expect(cardOf(html, sooner)).toMatch(/<b>68<\/b> of 70 free.*from €20\.00/);
    expect(cardOf(html, sooner)).toContain('Tue 1 January 2030, 20:00');
    expect(html.indexOf(sooner)).toBeLessThan(html.indexOf(later));
    expect(html).not.toContain(past);
  });

  it('says why nothing can be bought', async () => {
    const categories = [{ code: 'floor', name: 'Floor', price: 0 }];
    const sections = [{ name: 'Floor', category: 'floor', places: 1 }];
    const gone = await api.event({ categories, sections });
    await api.held(gone, ['Floor-1']);
    const soon = await api.event({ salesOpenAt: '2029-12-01T09:00:00Z' });
    const closed = await api.event({ salesCloseAt: '2021-01-01T00:00:00Z' });
    const html = await freshHome(closed);
    expect(cardOf(html, gone)).toMatch(/<b>0<\/b> of 1 free.*Sold out/);
    expect(cardOf(html, soon)).toContain('Sale opens 1 December 2029, 10:00');
    expect(cardOf(html, closed)).toContain('Sale closed');
  });

  it('shows names as text, whatever is in them', async () => {
    const slug = await api.event({
      name: '<script>alert("1")</script> & Co',
      venue: `"><img src=x onerror='a'>`,
    });
    const card = cardOf(await freshHome(slug), slug);
    expect(card).toContain('&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; Co');
    expect(card).not.toMatch(/<script|<img/);
  });

  it('links the documents and, under npm run dev, the pages of the services beside', async () => {
    const html = await (await home()).text();
    const links = [...html.matchAll(/href="([^"]+)"/g)].map(([, url]) => url!);
    for (const url of ['/api/docs/', '/api/redoc/', '/openapi.json']) {
      expect(links).toContain(url);
      expect((await fetch(system.info.apiUrl + url)).status).toBe(200);
    }
    expect(links).toContain(pages.DEV_TEMPORAL_UI_URL);
    expect(links).toContain('http://127.0.0.1:1080/?a=1&#38;b=2');
  });

  it('runs no script, takes no style but its own, and may be kept for some seconds', async () => {
    const response = await home();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(response.headers.get('cache-control')).toBe('public, max-age=5');
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; img-src data:; /,
    );
    expect(await response.text()).not.toMatch(/<script|style="|@import|src="/);
  });

  it('is for browsers: who takes JSON alone gets a problem, everybody else the page', async () => {
    const refused = await home({ accept: 'application/json' });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([
      404,
      expect.stringContaining('application/problem+json'),
    ]);
    expect((await home({})).status).toBe(200);
  });
});
