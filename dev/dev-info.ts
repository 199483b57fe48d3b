import { writeAtomically } from './processes';
import { devInfoFile, removeDevInfo, type DevInfo } from './product';

/** Writes the file atomically; only its owner can read it. */
function writeDevInfo(home: string, info: DevInfo): void {
  writeAtomically(devInfoFile(home), `${JSON.stringify(info, null, 2)}\n`);
}

/**
 * The file has the result of `describe` from `publish` to `withdraw`; refresh it when that result
 * may have changed.
 */
export interface DevInfoPublisher {
  publish(home: string, describe: () => DevInfo): void;
  refresh(): void;
  withdraw(): void;
}

export function createDevInfoPublisher(): DevInfoPublisher {
  let published: { home: string; describe: () => DevInfo } | undefined;
  const refresh = (): void => {
    if (published) writeDevInfo(published.home, published.describe());
  };
  return {
    refresh,
    publish: (home, describe) => {
      published = { home, describe };
      refresh();
    },
    withdraw: () => {
      if (published) removeDevInfo(published.home);
      published = undefined;
    },
  };
}
