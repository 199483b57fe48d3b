import { ApiClient, eventually } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';
import { workflowIds } from '../support/temporal-history';

const UI = 'http://127.0.0.1:8233';
let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem({ apiEnv: { TEMPORAL_UI_URL: UI } });
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

const page = (query = '') =>
  fetch(`${system.info.apiUrl}/temporal${query}`, { redirect: 'manual' });
/** The queries of the page, by what they ask. */
async function queries(): Promise<Record<string, string>> {
  const html = await (await page()).text();
  return Object.fromEntries(
    [...html.matchAll(/<a href="([^"]+)">([^<]+)<\/a>/g)].map(([, href, name]) => [
      name!,
      new URL(href!.replaceAll('&amp;', '&')).searchParams.get('query')!,
    ]),
  );
}
const found = (query: string) => workflowIds(system.temporal, query);

describe('The page of ready queries', () => {
  it('has queries that Temporal understands, and one that was terminated is not held', async () => {
    const [held, terminated] = await Promise.all([
      api.held(await api.event(), ['A-1']),
      api.held(await api.event(), ['A-1']),
    ]);
    const asked = await queries();
    expect(Object.keys(asked).length).toBeGreaterThanOrEqual(5);
    for (const query of Object.values(asked)) await found(query);
    await eventually(async () =>
      expect((await found(asked.Held!)).sort()).toEqual([held.id, terminated.id].sort()),
    );
    await system.temporal.workflow.getHandle(terminated.id).terminate('by mistake');
    await eventually(async () => {
      expect(await found(asked.Held!)).toEqual([held.id]);
      expect(await found(asked['Failed today']!)).toEqual([terminated.id]);
    });
  });

  it('leads to the whole story of a reservation, and of an event', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    for (const query of [`?reservation=${sold.id}`, `?event=${sold.event}`]) {
      const answer = await page(query);
      expect(answer.status).toBe(303);
      const to = new URL(answer.headers.get('location')!);
      expect(to.origin).toBe(UI);
      expect(to.pathname).toBe(`/namespaces/${system.info.temporalNamespace}/workflows`);
      await eventually(async () =>
        expect(await found(to.searchParams.get('query')!)).toContain(sold.id),
      );
    }
  });

  it('takes nothing else for a reservation', async () => {
    for (const query of [
      "?reservation=x'OR'1",
      '?event=a b',
      '?reservation=aaaaaaaa&reservation=b',
    ])
      expect((await page(query)).status).toBe(422);
  });
});
