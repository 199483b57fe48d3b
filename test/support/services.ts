import { randomUUID } from 'node:crypto';
import { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import type { TestServices } from '../../dev/test/services';
import { eventually } from './api';

/** The run's PostgreSQL, Temporal and mail catcher: found or started by the global set-up, shared by all test files. */
export function testServices(): TestServices {
  const services = process.env.HOLDFAST_TEST_SERVICES;
  if (services === undefined)
    throw new Error('There are no services: the global set-up has not run');
  return JSON.parse(services) as TestServices;
}

/** Makes a Temporal namespace of its own for one system, so that no other's actors see it. @returns its name */
export async function createTestNamespace(): Promise<string> {
  const namespace = `test-${randomUUID().slice(0, 8)}`;
  const connection = await Connection.connect({ address: testServices().temporalAddress });
  try {
    const { workflowService, operatorService } = connection;
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    // A namespace is known everywhere a moment after it was made.
    await eventually(() => operatorService.listSearchAttributes({ namespace }));
  } finally {
    await connection.close();
  }
  return namespace;
}
