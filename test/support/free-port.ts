import { createPortPicker } from '../../dev/ports';

const ports = createPortPicker({}, () => undefined);

/**
 * A port of this machine that nothing listens on now, below the range of outgoing connections: the
 * system could give a port of that range away before the caller listens on it.
 */
export const freePort = (): Promise<number> => ports.free();
