import { createServer } from 'node:net';
import type * as Ports from '../../dev/ports';

/** As another process has it: with a memory of its own. */
function pickerOfAnotherRun(): Ports.PortPicker {
  let ports: typeof Ports | undefined;
  jest.isolateModules(() => {
    ports = jest.requireActual<typeof Ports>('../../dev/ports');
  });
  return ports!.createPortPicker({}, () => undefined);
}
const pickMany = (picker: Ports.PortPicker) =>
  Promise.all(Array.from({ length: 500 }, () => picker.free()));

const listenOn = (port: number) =>
  new Promise<void>((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });

it('Two runs that begin together pick different ports, before anything listens on them', async () => {
  const picked = await Promise.all([pickerOfAnotherRun(), pickerOfAnotherRun()].map(pickMany));
  const ports = picked.flat();
  expect(ports).toHaveLength(1000);
  expect(new Set(ports).size).toBe(1000);
  for (const port of ports.slice(0, 20)) await listenOn(port);
});
