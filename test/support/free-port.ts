import { createPortPicker } from '../../dev/ports';

const ports = createPortPicker({}, () => undefined);

/**
 * A port of this machine that nothing listens on now. It is none of those that the system gives to outgoing connections:
 * one of these could be gone by the time that somebody listens on it.
 */
export const freePort = (): Promise<number> => ports.free();
