/** The named faults of the rehearsal. Each is injected from outside, as life does. */
import { AwsError } from '../../kernel/errors.ts';
import { ENDPOINT } from '../operator.ts';
import { type World } from '../world.ts';

export type FaultName =
  | 'some-requests-fail'
  | 'slow-answers'
  | 'container-fails-to-start'
  | 'metrics-unreadable-for-the-judge'
  | 'many-requests-fail';

const ERROR_RATE = 0.08;
const HIGH_ERROR_RATE = 0.35;
const EXTRA_LATENCY_MS = 60;

/** Turns a named fault on for one version, on the production endpoint: staging has shown nothing of it. */
export function inject(world: World, name: FaultName, servable: string): void {
  const onChallenger = (target: { modelName: string; endpointName: string }): boolean =>
    target.modelName === servable && target.endpointName === ENDPOINT;
  const { faults } = world.cloud;
  switch (name) {
    case 'some-requests-fail':
      faults.inject(name, { container: (target) => (onChallenger(target) ? { errorRate: ERROR_RATE } : undefined) });
      return;
    case 'many-requests-fail':
      faults.inject(name, {
        container: (target) => (onChallenger(target) ? { errorRate: HIGH_ERROR_RATE } : undefined),
      });
      return;
    case 'slow-answers':
      faults.inject(name, {
        container: (target) => (onChallenger(target) ? { extraLatencyMs: EXTRA_LATENCY_MS } : undefined),
      });
      return;
    case 'container-fails-to-start':
      faults.inject(name, { container: (target) => (onChallenger(target) ? { failsToStart: true } : undefined) });
      return;
    case 'metrics-unreadable-for-the-judge':
      faults.inject(name, {
        call: ({ service, operation, principal }) => {
          const byJudge = principal.kind === 'role' && principal.roleName.endsWith('judge-rollout');
          if (service !== 'monitoring' || operation !== 'GetMetricData' || !byJudge) return undefined;
          return { when: 'before', error: new AwsError('ThrottlingException', 'Rate exceeded') };
        },
      });
  }
}

/**
 * Application Auto Scaling has raised a variant's instances, as it does on a busy day. From then on nobody but it may change
 * their number.
 * @param instances the count that it asks for
 */
export async function scaleOut(world: World, variant: string, instances: number): Promise<void> {
  const input = {
    EndpointName: ENDPOINT,
    DesiredWeightsAndCapacities: [{ VariantName: variant, DesiredInstanceCount: instances }],
  };
  const autoscaler = { kind: 'service' as const, name: 'application-autoscaling.amazonaws.com' };
  await world.cloud.context.call('sagemaker', 'UpdateEndpointWeightsAndCapacities', input, autoscaler);
}

export function removeFault(world: World, name: FaultName): void {
  world.cloud.faults.remove(name);
}
