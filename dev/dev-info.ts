import { writeAtomically } from './processes';
import { devInfoFile, removeDevInfo, type DevInfo } from './product';

/** Replaces the file as a whole; its owner alone can read it. */
function writeDevInfo(home: string, info: DevInfo): void {
  writeAtomically(devInfoFile(home), `${JSON.stringify(info, null, 2)}\n`);
}

/** From `publish` to `withdraw` the file says what `describe` says; to be refreshed when that may have changed. */
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
