import type { WorkerOptions } from '@temporalio/worker';
import { SettingsError } from '../config';

interface DeploymentSettings {
  WORKER_DEPLOYMENT_NAME?: string | undefined;
  WORKER_BUILD_ID?: string | undefined;
}

/**
 * Worker Versioning: this worker is a version of a deployment, and workflows move on to the version that is made the
 * current one. Changes of steps stay behind patches, since a running workflow changes over (ADR 0031).
 * @returns nothing where the settings name no deployment: all workers are alike to Temporal
 * @throws SettingsError when only one of the settings is given
 */
export function deploymentOptions({
  WORKER_DEPLOYMENT_NAME: deploymentName,
  WORKER_BUILD_ID: buildId,
}: DeploymentSettings): Pick<WorkerOptions, 'workerDeploymentOptions'> {
  if (deploymentName === undefined && buildId === undefined) return {};
  if (deploymentName === undefined || buildId === undefined)
    throw new SettingsError(
      'Settings WORKER_DEPLOYMENT_NAME and WORKER_BUILD_ID cannot be used one without the other: give both, or neither',
    );
  return {
    workerDeploymentOptions: {
      version: { deploymentName, buildId },
      useWorkerVersioning: true,
      defaultVersioningBehavior: 'AUTO_UPGRADE',
    },
  };
}
