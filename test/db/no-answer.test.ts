import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createDatabase, isUnavailable, sql, type Database } from '../../src/db/database';
import { openTestDatabase } from '../support/system';

const ONE = sql('one', 'select 1 as one');

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('A database that gives no answer is unavailable', () => {
  let server: Server | undefined;
  let database: Database;
  const sockets = new Set<Socket>();
  async function against(behaviour: (socket: Socket) => void) {
    const listening = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      behaviour(socket);
    }).listen(0, '127.0.0.1');
    server = listening;
    await once(listening, 'listening');
    const { port } = listening.address() as AddressInfo;
    database = createDatabase({
      url: `postgres://a:b@127.0.0.1:${port}/c`,
      pool: 1,
      prepared: true,
      applicationName: 'holdfast-test',
      connectTimeoutMs: 300,
      queryTimeoutMs: 300,
    });
  }
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    server?.close();
    await database.close();
  });

  it.each<[string, (socket: Socket) => void]>([
    ['that closes the connection', (socket) => socket.destroy()],
    ['that resets the connection', (socket) => socket.resetAndDestroy()],
    ['that says nothing', () => undefined],
    ['that is none', (socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['that is none, and ends', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')],
    [
      'that is lost after its first word',
      (socket) => socket.end(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0])),
    ],
  ])('as one %s', async (_name, behaviour) => {
    await against(behaviour);
    for (const work of [
      () => database.rows(ONE),
      () => database.connected((connection) => connection.rows(ONE)),
      () => database.transaction((tx) => tx.rows(ONE)),
    ])
      expect(isUnavailable(await errorOf(work()))).toBe(true);
  });

  it('but not one that is refused for what it says, nor a mistake of ours', async () => {
    database = await openTestDatabase({ pool: 1 });
    const divided = await errorOf(database.rows(sql('divided', 'select 1 / 0 as never')));
    expect([isUnavailable(divided), (divided as { code: string }).code]).toEqual([false, '22012']);
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    const echo = sql('echo', 'select $1::jsonb as value');
    expect(isUnavailable(await errorOf(database.rows(echo, [circle])))).toBe(false);
  });
});
