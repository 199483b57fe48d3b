import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import type { HTTPRequest } from 'puppeteer';
import { launchBrowser, type LaunchedBrowser } from '../../src/documents/chromium';
import { ApiClient } from '../support/api';
import { startSystem, type TestSystem } from '../support/system';

let system: TestSystem;
let api: ApiClient;

beforeAll(async () => {
  system = await startSystem();
  api = new ApiClient(system.info);
});
afterAll(() => system.stop());

/** Every call of the contract, with what it answers when all is well. */
const CONTRACT: [method: string, path: string, status: string][] = [
  ['get', '/v1/events', '200'],
  ['get', '/v1/events/{event}', '200'],
  ['get', '/v1/events/{event}/seats', '200'],
  ['get', '/v1/events/{event}/stream', '200'],
  ['post', '/v1/events', '201'],
  ['post', '/v1/reservations', '201'],
  ['get', '/v1/reservations', '200'],
  ['get', '/v1/reservations/{id}', '200'],
  ['get', '/v1/reservations/{id}/history', '200'],
  ['post', '/v1/reservations/{id}/confirm', '200'],
  ['post', '/v1/reservations/{id}/extend', '200'],
  ['post', '/v1/reservations/{id}/cancel', '200'],
  ['post', '/v1/reservations/{id}/resend', '202'],
  ['get', '/v1/reservations/{id}/tickets', '200'],
  ['get', '/v1/reservations/{id}/tickets.pdf', '200'],
  ['post', '/v1/check-ins', '201'],
  ['post', '/v1/webhooks/stripe', '200'],
  ['post', '/v1/webhooks/standard', '200'],
  ['get', '/livez', '200'],
  ['get', '/readyz', '200'],
  ['get', '/metrics', '200'],
];

/** What an independent validator says of a document. */
function validateOpenApi(
  document: unknown,
): Promise<{ valid: boolean; version: string; problems: string }> {
  return new Promise((done, reject) => {
    const script = resolve('test/support/validate-openapi.mjs');
    const child = execFile(process.execPath, [script], { timeout: 240_000 }, (error, stdout) => {
      if (error) reject(new Error('The validator did not run', { cause: error }));
      else done(JSON.parse(stdout) as { valid: boolean; version: string; problems: string });
    });
    child.stdin!.end(JSON.stringify(document));
  });
}

/** Follows a reference within the document; null when it leads nowhere, or only to itself. */
function follow(document: unknown, reference: string): unknown {
  const steps = reference.replace('#/', '').split('/');
  const target = steps.reduce<unknown>(
    (value, step) => (value as Record<string, unknown> | undefined)?.[step],
    document,
  );
  return (target as { $ref?: string } | undefined)?.$ref === reference ? null : (target ?? null);
}

describe('The OpenAPI document', () => {
  it('is public and a valid document of OpenAPI 3.1', async () => {
    const { status, headers, body } = await api.call('GET', '/openapi.json', { key: null });
    expect([status, headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^application\/json/),
    ]);
    expect(await validateOpenApi(body)).toEqual({
      valid: true,
      version: expect.stringMatching(/^3\.1\./) as string,
      problems: '',
    });
  });

  it.each(CONTRACT)('describes %s %s', async (method, path, status) => {
    const operation = (await api.openApi()).paths[path]?.[method];
    expect(Object.keys(operation?.responses ?? {})).toContain(status);
  });

  it('has references that all lead somewhere', async () => {
    const document = await api.openApi();
    const references = [
      ...new Set(
        [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]!),
      ),
    ];
    expect(references.length).toBeGreaterThan(0);
    expect(references.filter((reference) => follow(document, reference) === null)).toEqual([]);
  });

  it('says what every error looks like', async () => {
    const { components } = await api.openApi();
    expect(components.schemas.Problem).toMatchObject({
      type: 'object',
      required: expect.arrayContaining(['type', 'title', 'status', 'code', 'detail']) as string[],
    });
  });
});

describe('For language models', () => {
  it('/llms.txt names every call, as text, and has links that all lead somewhere', async () => {
    const response = await fetch(`${system.info.apiUrl}/llms.txt`);
    expect([response.status, response.headers.get('content-type')]).toEqual([
      200,
      'text/plain; charset=utf-8',
    ]);
    const links = [...(await response.text()).matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    const { paths } = (await api.openApi()) as unknown as {
      paths: Record<string, Record<string, { operationId: string; tags: string[] }>>;
    };
    const calls = Object.values(paths)
      .flatMap((methods) => Object.values(methods))
      .map(({ operationId, tags }) => `#/${tags[0]}/${operationId}`);
    const isOfCall = (link: string) => link.startsWith('/api/docs/#/');
    const named = links.filter(isOfCall).map((link) => link.replace('/api/docs/', ''));
    expect(named.sort()).toEqual(calls.sort());
    const documents = links.filter((link) => !isOfCall(link));
    expect(documents).toEqual(['/openapi.json', '/api/docs/', '/api/redoc/']);
    for (const path of documents)
      expect([path, (await fetch(system.info.apiUrl + path)).status]).toEqual([path, 200]);
  });
});

describe('The documentation pages', () => {
  let launched: LaunchedBrowser;
  beforeAll(async () => {
    const sandbox = process.getuid?.() === 0 ? 'off' : 'preferred';
    launched = await launchBrowser({ sandbox, launchLimitMs: 240_000, commandLimitMs: 240_000 });
  });
  afterAll(() => launched.kill());

  /** The browser itself reaches no network, so what is ours is fetched for it; anything else fails. */
  async function answerFromSystem(request: HTTPRequest): Promise<void> {
    const url = request.url();
    if (/^(data|blob):/.test(url)) return request.continue();
    if (!url.startsWith(system.info.apiUrl)) return request.abort();
    const response = await fetch(url);
    const headers = Object.fromEntries(response.headers);
    return request.respond({
      status: response.status,
      headers,
      body: Buffer.from(await response.arrayBuffer()),
    });
  }

  it.each([
    ['Swagger UI', '/api/docs/', '.opblock-summary'],
    ['ReDoc', '/api/redoc/', '[data-section-id]'],
  ])(
    '%s shows the operations, without a key, and loads nothing from elsewhere',
    async (_name, path, operations) => {
      const page = await launched.browser.newPage();
      const [asked, errors]: [string[], string[]] = [[], []];
      await page.setRequestInterception(true);
      page.on('request', (request) => {
        asked.push(request.url());
        void answerFromSystem(request);
      });
      page.on('pageerror', (error) => errors.push(String(error)));
      page.on('requestfailed', (request) => errors.push(request.url()));
      await page.goto(system.info.apiUrl + path);
      await page.waitForSelector(operations, { timeout: 240_000 });
      await page.waitForNetworkIdle({ idleTime: 500, timeout: 240_000 });
      const content = await page.content();
      await page.close();
      expect(content).toContain('Hold seats');
      expect(errors).toEqual([]);
      expect(asked).toContain(`${system.info.apiUrl}/openapi.json`);
      expect(
        asked.filter((url) => !/^(data|blob):/.test(url) && !url.startsWith(system.info.apiUrl)),
      ).toEqual([]);
    },
  );

  it('forget a key that was typed in', async () => {
    const script = await fetch(`${system.info.apiUrl}/api/assets/start-swagger.js`);
    expect(await script.text()).toMatch(/^ *persistAuthorization: false,$/m);
  });

  it.each(['/api/docs/', '/api/redoc/'])(
    'at %s are found without the last slash too',
    async (path) => {
      const response = await fetch(system.info.apiUrl + path.slice(0, -1));
      expect([response.status, new URL(response.url).pathname]).toEqual([200, path]);
    },
  );
});

describe('For those who watch', () => {
  it('livez says that the process runs, without a key', async () => {
    expect((await api.call('GET', '/livez', { key: null })).status).toBe(200);
  });

  it('readyz says that nothing is missing, without a key', async () => {
    const { status, body } = await api.call('GET', '/readyz', { key: null });
    expect([status, body.degraded]).toEqual([200, undefined]);
  });

  it('metrics are for Prometheus, and hold no id, no name and no address', async () => {
    const sold = await api.sold(await api.event(), ['A-1']);
    const { status, headers, body } = await api.call<string>('GET', '/metrics', {
      key: system.info.keys.operator,
    });
    expect([status, headers.get('content-type')]).toEqual([
      200,
      expect.stringMatching(/^text\/plain/),
    ]);
    expect(body).toMatch(/^# TYPE holdfast_\w+ histogram$/m);
    expect(body).toMatch(/^holdfast_holds_total\{outcome="held"\} [1-9]/m);
    for (const secret of [sold.id, sold.buyer!.email, sold.event])
      expect(body).not.toContain(secret);
  });
});
