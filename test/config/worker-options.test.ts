import { deploymentOptions } from '../../src/worker/deployment';
import { activitySlots, reservationsTuning, workflowSlots } from '../../src/worker/tuning';

const deploymentName = 'holdfast';

describe('The settings of Worker Versioning', () => {
  it('make a worker a version of a deployment, whose workflows move to the current one', () => {
    expect(
      deploymentOptions({ WORKER_DEPLOYMENT_NAME: deploymentName, WORKER_BUILD_ID: 'v1' }),
    ).toEqual({
      workerDeploymentOptions: {
        version: { deploymentName, buildId: 'v1' },
        useWorkerVersioning: true,
        defaultVersioningBehavior: 'AUTO_UPGRADE',
      },
    });
    expect(deploymentOptions({})).toEqual({});
  });

  it('are refused one without the other', () => {
    for (const one of [{ WORKER_DEPLOYMENT_NAME: deploymentName }, { WORKER_BUILD_ID: 'v1' }])
      expect(() => deploymentOptions(one)).toThrow(
        'WORKER_DEPLOYMENT_NAME and WORKER_BUILD_ID cannot be used one without the other',
      );
  });
});

describe('The polls of a worker', () => {
  it('follow what the server says, from as many as without it up to one a slot', () => {
    expect(workflowSlots(40).workflowTaskPollerBehavior).toEqual({
      type: 'autoscaling',
      minimum: 5,
      initial: 10,
      maximum: 40,
    });
  });

  it('are never more than its slots, of which the database connections give the number', () => {
    const few = { type: 'autoscaling', minimum: 2, initial: 2, maximum: 2 };
    expect(activitySlots(2).activityTaskPollerBehavior).toEqual(few);
    const tuning = reservationsTuning({ DATABASE_POOL: 4, WORKER_CACHED_WORKFLOWS: 10 });
    expect(tuning).toMatchObject({
      maxConcurrentActivityTaskExecutions: 2,
      activityTaskPollerBehavior: few,
      // Twice as many as transactions.
      maxConcurrentWorkflowTaskExecutions: 4,
    });
  });
});
