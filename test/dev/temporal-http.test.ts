import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { startServices, type Services } from '../../dev/services';

describe('A page of another site', () => {
  let home: string;
  let services: Services;
  let ports: { http: string; ui: string };
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'holdfast-temporal-'));
    services = await startServices({
      home,
      want: ['temporal'],
      env: { PATH: process.env.PATH, HOME: process.env.HOME },
      ports: { TEMPORAL_PORT: 0, TEMPORAL_UI_PORT: 0 },
      temporalDatabase: 'memory',
    });
    const args = readFileSync(`/proc/${services.pids().temporal}/cmdline`, 'utf8').split('\0');
    const after = (flag: string) => args[args.indexOf(flag) + 1]!;
    ports = { http: after('--http-port'), ui: after('--ui-port') };
  });
  afterAll(async () => {
    await services.stop();
    rmSync(home, { recursive: true, force: true });
  });

  /** A POST as a form of any page sends it without asking first. */
  const postFromElsewhere = async (port: string) => {
    const path = `/api/v1/namespaces/${services.temporalNamespace}/workflows/from-elsewhere`;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain', origin: 'http://elsewhere.example' },
      body: JSON.stringify({ workflowType: { name: 'refund' }, taskQueue: { name: 'any' } }),
    });
    return answer.status;
  };

  it("starts nothing in the development server's Temporal, by its HTTP API or by its page", async () => {
    expect(await postFromElsewhere(ports.http)).toBe(403);
    expect(await postFromElsewhere(ports.ui)).toBe(400);
    const connection = await Connection.connect({ address: services.temporalAddress });
    const { workflow } = new Client({ connection, namespace: services.temporalNamespace });
    await expect(workflow.getHandle('from-elsewhere').describe()).rejects.toThrow(/not found/i);
    await connection.close();
  });
});
