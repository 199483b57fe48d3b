import { rmSync } from 'node:fs';

export default async function globalTeardown(): Promise<void> {
  const services = globalThis.holdfastTestServices;
  await services?.stop();
  if (services) rmSync(services.home, { recursive: true, force: true });
}
