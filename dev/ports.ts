import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { SettingsError } from './product';

/** The settings for the ports of embedded parts, with their defaults. */
const DEFAULT_PORTS = {
  PORT: 3000,
  PG_PORT: 5433,
  TEMPORAL_PORT: 7233,
  TEMPORAL_UI_PORT: 8233,
  SMTP_PORT: 1025,
  MAIL_UI_PORT: 1080,
} as const;

type PortSetting = keyof typeof DEFAULT_PORTS;

/**
 * By setting. A number is used, or refused when it is taken; 0 means a free port. For a setting
 * that is left out, another port is chosen when the default is taken.
 */
export type PortChoices = Partial<Record<PortSetting, number>>;

/** Picks ports that nothing listens on, each only once, also among the runs of a machine. */
export interface PortPicker {
  /** @throws SettingsError when a requested port is taken */
  pick(setting: PortSetting, host?: string): Promise<number>;
  free(): Promise<number>;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * Free ports are searched below the range that the system uses for outgoing connections. Otherwise
 * a part that is down for a moment could find its port taken, even by a client that tries to reach
 * it (a connection to itself).
 */
function highestOwnPort(): number {
  try {
    const lowest = Number(
      readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').split(/\s+/)[0],
    );
    return lowest > 20_000 ? lowest - 1 : 65_000;
  } catch {
    return 49_000;
  }
}

/** A process has ports by the block. */
const BLOCK = 8;
const ATTEMPTS = 200;

/** Ports of this process that were not given yet. */
const own: number[] = [];
let claiming: Promise<void> | undefined;

/** Listens, and keeps no process alive. @returns whether it could */
function occupy(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(true)).unref();
  });
}

/**
 * Claims a block of ports by listening on its first one for as long as this process lives. So no
 * other run gives away a port that this one has picked, and on which its part does not listen yet,
 * or not at the moment.
 */
async function claimBlock(): Promise<void> {
  const [low, high] = [10_240, highestOwnPort()];
  const blocks = Math.floor((high + 1 - low) / BLOCK);
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const first = low + BLOCK * Math.floor(Math.random() * blocks);
    if (!(await occupy(first))) continue;
    for (let port = first + 1; port < first + BLOCK; port += 1) own.push(port);
    return;
  }
  throw new Error('no free ports were found');
}

async function nextOwn(): Promise<number> {
  while (own.length === 0) {
    claiming ??= claimBlock().finally(() => (claiming = undefined));
    await claiming;
  }
  return own.pop()!;
}

/** Reads the port settings of an environment. @throws SettingsError that names a bad one. */
export function portChoices(env: NodeJS.ProcessEnv): PortChoices {
  const choices: PortChoices = {};
  for (const setting of Object.keys(DEFAULT_PORTS) as PortSetting[]) {
    const text = env[setting];
    if (text === undefined || text === '') continue;
    if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535) {
      throw new SettingsError(
        `Setting ${setting} cannot be used: must be a port from 0 (a free one) to 65535`,
      );
    }
    choices[setting] = Number(text);
  }
  return choices;
}

/** Creates a picker for one run. `progress` is called when a default port is taken. */
export function createPortPicker(
  choices: PortChoices,
  progress: (line: string) => void,
): PortPicker {
  const given = new Set<number>();
  const give = (port: number): number => {
    given.add(port);
    return port;
  };
  const usable = async (port: number, host: string): Promise<boolean> =>
    !given.has(port) && (await isFree(port, host));

  async function free(host = '127.0.0.1'): Promise<number> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const port = await nextOwn();
      if (await usable(port, host)) return give(port);
    }
    throw new Error('no free port was found');
  }

  return {
    free: () => free(),
    async pick(setting, host = '127.0.0.1') {
      const asked = choices[setting];
      if (asked === 0) return free(host);
      const wanted = asked ?? DEFAULT_PORTS[setting];
      if (await usable(wanted, host)) return give(wanted);
      if (asked !== undefined) {
        throw new SettingsError(
          `Setting ${setting} cannot be used: port ${wanted} is taken; name another one, or 0`,
        );
      }
      const port = await free(host);
      progress(`port ${wanted} is taken: ${setting} is ${port} for this run`);
      return port;
    },
  };
}
