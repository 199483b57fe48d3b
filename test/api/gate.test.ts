import { createGate, type Gate, type Kind, type Pass } from '../../src/api/gate';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Calls that note when they are let in; each stays until it is let go. */
function callers(gate: Gate) {
  const log: string[] = [];
  const inside: { name: string; pass: Pass }[] = [];
  return {
    log,
    call: (kind: Kind, client: string, name = client, address?: string): void => {
      void gate.enter(kind, client, address).then((pass) => {
        log.push(name);
        inside.push({ name, pass });
      });
    },
    letGo: async (): Promise<void> => {
      inside.shift()?.pass.leave();
      await turn();
    },
    inside: () => inside.map(({ name }) => name),
  };
}

describe('The gate before the database', () => {
  it('lets so many in, and the next whenever one leaves', async () => {
    const { call, log, letGo } = callers(createGate(2));
    for (const name of ['a', 'b', 'c', 'd']) call('sale', name);
    await turn();
    expect(log).toEqual(['a', 'b']);
    await letGo();
    expect(log).toEqual(['a', 'b', 'c']);
  });

  it('lets the clients take turns, however many calls one of them has', async () => {
    const { call, log, letGo } = callers(createGate(1));
    for (let index = 0; index < 200; index++) call('sale', 'greedy', `greedy ${index}`);
    await turn();
    call('sale', 'other');
    await letGo();
    await letGo();
    expect(log.slice(0, 3)).toContain('other');
  });

  it('lets no client have more than half, so the next one need not wait', async () => {
    const { call, inside } = callers(createGate(4));
    for (let index = 0; index < 200; index++) call('sale', 'greedy');
    call('sale', 'other');
    await turn();
    expect(inside()).toEqual(['greedy', 'greedy', 'other']);
  });

  it('gives a client with thousands of pages no more turns than one with a server alone', async () => {
    const { call, log, letGo } = callers(createGate(1));
    for (let page = 0; page < 5000; page++) call('sale', 'with pages', 'page', `${page}`);
    await turn();
    for (let index = 0; index < 10; index++) call('sale', 'server');
    for (let index = 0; index < 20; index++) await letGo();
    expect(log.filter((name) => name === 'server')).toHaveLength(10);
  });

  it('lets no client have more than half, from however many pages it comes', async () => {
    const { call, inside } = callers(createGate(4));
    for (let page = 0; page < 200; page++) call('sale', 'with pages', 'page', `${page}`);
    call('sale', 'server');
    await turn();
    expect(inside()).toEqual(['page', 'page', 'server']);
  });

  it('lets the pages of a client, and its server, take turns among themselves', async () => {
    const { call, log, letGo } = callers(createGate(1));
    for (let index = 0; index < 200; index++) call('sale', 'shop', 'greedy page', '203.0.113.5');
    await turn();
    call('sale', 'shop', 'other page', '203.0.113.6');
    call('sale', 'shop', 'its server');
    for (let index = 0; index < 4; index++) await letGo();
    expect(log.slice(0, 4)).toEqual(expect.arrayContaining(['other page', 'its server']));
  });

  it('has places that reads and choices of seats never take', async () => {
    const { call, inside } = callers(createGate(4));
    for (let index = 0; index < 10; index++) call('rest', `reads ${index}`);
    await turn();
    expect(inside().length).toBe(2);
    call('sale', 'shop');
    await turn();
    expect(inside()).toContain('shop');
  });

  it('lets no more than an eighth be lists, of however many clients', async () => {
    const { call, inside } = callers(createGate(16));
    for (let index = 0; index < 10; index++) call('list', `shop ${index}`);
    await turn();
    expect(inside().length).toBe(2);
    call('rest', 'shop 0');
    await turn();
    expect(inside().length).toBe(3);
  });

  it('gives holds and payments the most, and nobody nothing', async () => {
    const gate = createGate(2);
    const { call, log, letGo } = callers(gate);
    for (let index = 0; index < 200; index++)
      for (const kind of ['sale', 'choice', 'list', 'rest'] as const)
        call(kind, `shop ${index}`, kind);
    await turn();
    for (let index = 0; index < 200; index++) await letGo();
    const count = (kind: Kind) => log.slice(2, 102).filter((name) => name === kind).length;
    expect(count('sale')).toBeGreaterThan(50);
    expect(count('choice')).toBeGreaterThan(20);
    expect(count('list')).toBeGreaterThan(5);
    expect(count('rest')).toBeGreaterThan(5);
  });

  it('lets others in for good when one steps aside, and gives it a place for parts of its work', async () => {
    const gate = createGate(1);
    const { call, inside } = callers(gate);
    const pass = await gate.enter('sale', 'a');
    const log: string[] = [];
    const done = pass.aside(async (part) => {
      const other = await gate.enter('sale', 'b');
      const alone = part(async () => void log.push('a has a place again'));
      await turn();
      expect(log).toEqual([]);
      other.leave();
      await alone;
    });
    await done;
    expect(log).toEqual(['a has a place again']);
    // It has none any more, whoever says so again.
    pass.leave();
    for (const name of ['c', 'd']) call('sale', name);
    await turn();
    expect(inside()).toEqual(['c']);
  });

  it('lets others in while one waits for something else', async () => {
    const gate = createGate(1);
    const pass = await gate.enter('sale', 'confirms');
    let finish = (): void => undefined;
    const waited = pass.pause(() => new Promise<void>((resolve) => (finish = resolve)));
    const other = await gate.enter('sale', 'holds');
    finish();
    await turn();
    let isBack = false;
    void waited.then(() => (isBack = true));
    await turn();
    expect(isBack).toBe(false);
    other.leave();
    await waited;
    pass.leave();
    (await gate.enter('sale', 'next')).leave();
  });
});
