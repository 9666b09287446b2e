/**
 * How an endpoint gets from one configuration to the next: slowly, refusing every other change meanwhile, and sometimes
 * back to where it was without a word.
 */
import { AwsError, validationError } from '../kernel/errors.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import { type WireInput } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { type EndpointConfig, type EndpointConfigs } from './endpoint-configs.ts';
import { type Endpoint, enterStatus, type LiveVariant, type VariantTarget } from './endpoint.ts';
import { ContainerStartFailed, startVariant } from './fleet.ts';
import { type Models } from './models.ts';

export interface Deployments {
  /** Brings up a new endpoint (status Creating) in the background. */
  create(endpoint: Endpoint, config: EndpointConfig): void;
  /** UpdateEndpoint on an endpoint that is InService. */
  update(endpoint: Endpoint, config: EndpointConfig, input: WireInput): void;
  /** UpdateEndpointWeightsAndCapacities on an endpoint that is InService. */
  shift(endpoint: Endpoint, changes: readonly WireInput[]): void;
}

interface Plan {
  readonly config: EndpointConfig;
  readonly targets: readonly VariantTarget[];
  /** UpdateEndpoint retains the endpoint's data capture, too. */
  readonly keepsCapture: boolean;
}

/** Variants whose name is not in the new configuration. */
function removedBy(endpoint: Endpoint, plan: Plan): LiveVariant[] {
  const names = new Set(plan.targets.map((target) => target.config.VariantName));
  return endpoint.variants.filter((variant) => !names.has(variant.config.VariantName));
}

/** What UpdateEndpoint keeps of a variant's live properties: by variant name, unless excluded. */
function retained(input: WireInput, property: string): boolean {
  const excluded = (input['ExcludeRetainedVariantProperties'] ?? []) as { VariantPropertyType: string }[];
  return (
    input['RetainAllVariantProperties'] === true && !excluded.some((item) => item.VariantPropertyType === property)
  );
}

function targetsOf(endpoint: Endpoint, config: EndpointConfig, input: WireInput): VariantTarget[] {
  return config.variants.map((variant) => {
    const live = endpoint.variants.find((candidate) => candidate.config.VariantName === variant.VariantName);
    const same =
      live !== undefined &&
      live.config.ModelName === variant.ModelName &&
      live.config.InstanceType === variant.InstanceType;
    return {
      config: variant,
      weight: live && retained(input, 'DesiredWeight') ? live.desiredWeight : variant.InitialVariantWeight,
      instanceCount:
        live && retained(input, 'DesiredInstanceCount') ? live.desiredInstanceCount : variant.InitialInstanceCount,
      keeps: same ? live : undefined,
    };
  });
}

export function newDeployments(context: SageMakerContext, configs: EndpointConfigs, models: Models): Deployments {
  const { clock } = context.cloud.kernel;
  const stream = (endpoint: Endpoint): string => `deployments/${endpoint.name}`;

  /**
   * What must still exist when a deployment is carried out: both configurations (deleting the old one too early breaks the
   * update just like deleting the new one) and the new one's models. @throws AwsError in AWS's words
   */
  const checkSources = (endpoint: Endpoint, config: EndpointConfig): void => {
    configs.find(endpoint.configName);
    if (configs.get(config.name) !== config) {
      throw validationError(`Could not find endpoint configuration "${config.arn}".`);
    }
    for (const variant of config.variants) models.find(variant.ModelName);
  };

  const bringUp = async (endpoint: Endpoint, config: EndpointConfig, targets: readonly VariantTarget[]) => {
    checkSources(endpoint, config);
    const fresh = new Map<VariantTarget, LiveVariant>();
    for (const target of targets) {
      if (!target.keeps) fresh.set(target, await startVariant(context, models, endpoint, target));
    }
    return fresh;
  };

  const land = (endpoint: Endpoint, plan: Plan, fresh: ReadonlyMap<VariantTarget, LiveVariant>): void => {
    const { config, targets } = plan;
    endpoint.variants = targets.map((target) => {
      const started = fresh.get(target);
      if (started) return started;
      const live = { ...target.keeps!, config: target.config };
      settleVariant(live, target.weight, target.instanceCount);
      return live;
    });
    endpoint.configName = config.name;
    endpoint.capture = plan.keepsCapture ? endpoint.capture : config.capture;
    endpoint.pending = undefined;
    endpoint.failureReason = undefined;
    enterStatus(context, endpoint, 'InService');
  };

  /** Time until everything but the removals is in place: provisioning, or as long as a change of weights. */
  const changeDurationMs = (endpoint: Endpoint, plan: Plan): number => {
    const provisions = plan.targets.some((t) => !t.keeps || t.instanceCount > t.keeps.currentInstanceCount);
    if (provisions) return context.delayMs(SLOWNESS.variantProvisioningMs, stream(endpoint));
    const keepsWeights = plan.targets.every((t) => t.keeps && t.weight === t.keeps.currentWeight);
    const onlyRemoves = keepsWeights && removedBy(endpoint, plan).length > 0;
    return onlyRemoves ? 0 : context.delayMs(SLOWNESS.weightChangeMs, stream(endpoint));
  };

  /** Waits until SageMaker would have given up on a container, counted from the deployment's start. */
  const waitForGiveUp = async (endpoint: Endpoint, startMs: number): Promise<void> => {
    const giveUpMs = startMs + context.delayMs(SLOWNESS.containerStartGiveUpMs, stream(endpoint));
    await clock.sleep(giveUpMs - clock.now(), `give up on ${endpoint.name}`);
  };

  /** Back to the fleet that never stopped serving. A container's failure leaves no reason: AWS's silent rollback. */
  const rollBack = (endpoint: Endpoint, reason: string | undefined): void => {
    for (const variant of endpoint.variants) {
      variant.desiredWeight = variant.currentWeight;
      variant.desiredInstanceCount = variant.currentInstanceCount;
    }
    endpoint.pending = undefined;
    endpoint.failureReason = reason;
    enterStatus(context, endpoint, 'InService');
  };

  const runCreate = async (endpoint: Endpoint, plan: Plan): Promise<void> => {
    const startMs = clock.now();
    await clock.sleep(context.delayMs(SLOWNESS.variantProvisioningMs, stream(endpoint)), `create ${endpoint.name}`);
    try {
      land(endpoint, plan, await bringUp(endpoint, plan.config, plan.targets));
    } catch (error) {
      if (!(error instanceof ContainerStartFailed) && !(error instanceof AwsError)) throw error;
      if (error instanceof ContainerStartFailed) await waitForGiveUp(endpoint, startMs);
      endpoint.pending = undefined;
      endpoint.failureReason = error.message;
      enterStatus(context, endpoint, 'Failed');
    }
  };

  /**
   * Tears down variants that are not in the new configuration. One that still has weight loses its instances before the
   * routes change: requests to it fail from a seeded moment until the deployment lands.
   */
  const tearDown = async (endpoint: Endpoint, removed: readonly LiveVariant[]): Promise<void> => {
    if (removed.length === 0) return;
    const durationMs = context.delayMs(SLOWNESS.variantRemovalMs, stream(endpoint));
    for (const variant of removed) {
      const share = 0.3 + 0.4 * context.random(stream(endpoint)).next();
      if (variant.currentWeight > 0) variant.goneFromMs = clock.now() + Math.floor(share * durationMs);
    }
    await clock.sleep(durationMs, `remove variants of ${endpoint.name}`);
  };

  const runUpdate = async (endpoint: Endpoint, plan: Plan): Promise<void> => {
    const startMs = clock.now();
    await clock.sleep(changeDurationMs(endpoint, plan), `update ${endpoint.name}`);
    try {
      const fresh = await bringUp(endpoint, plan.config, plan.targets);
      await tearDown(endpoint, removedBy(endpoint, plan));
      land(endpoint, plan, fresh);
    } catch (error) {
      if (error instanceof ContainerStartFailed) {
        await waitForGiveUp(endpoint, startMs);
        rollBack(endpoint, undefined);
      } else if (error instanceof AwsError) rollBack(endpoint, error.message);
      else throw error;
    }
  };

  return {
    create(endpoint, config) {
      const plan: Plan = { config, targets: targetsOf(endpoint, config, {}), keepsCapture: false };
      endpoint.pending = { ...plan, startMs: clock.now() };
      enterStatus(context, endpoint, 'Creating');
      context.cloud.kernel.spawn(`create endpoint ${endpoint.name}`, () => runCreate(endpoint, plan));
    },
    update(endpoint, config, input) {
      const targets = targetsOf(endpoint, config, input);
      const plan: Plan = { config, targets, keepsCapture: retained(input, 'DataCaptureConfig') };
      endpoint.pending = { ...plan, startMs: clock.now() };
      for (const target of targets) {
        if (!target.keeps) continue;
        target.keeps.desiredWeight = target.weight;
        target.keeps.desiredInstanceCount = target.instanceCount;
      }
      endpoint.failureReason = undefined;
      enterStatus(context, endpoint, 'Updating');
      context.cloud.kernel.spawn(`update endpoint ${endpoint.name}`, () => runUpdate(endpoint, plan));
    },
    shift(endpoint, changes) {
      const grows = changes.some((change) => {
        const variant = variantOf(endpoint, change['VariantName'] as string);
        return ((change['DesiredInstanceCount'] as number | undefined) ?? 0) > variant.currentInstanceCount;
      });
      for (const change of changes) {
        const variant = variantOf(endpoint, change['VariantName'] as string);
        variant.desiredWeight = (change['DesiredWeight'] as number | undefined) ?? variant.desiredWeight;
        variant.desiredInstanceCount =
          (change['DesiredInstanceCount'] as number | undefined) ?? variant.desiredInstanceCount;
      }
      endpoint.failureReason = undefined;
      enterStatus(context, endpoint, 'Updating');
      const range = grows ? SLOWNESS.variantProvisioningMs : SLOWNESS.weightChangeMs;
      clock.after(context.delayMs(range, stream(endpoint)), `weights of ${endpoint.name}`, () => {
        for (const variant of endpoint.variants)
          settleVariant(variant, variant.desiredWeight, variant.desiredInstanceCount);
        enterStatus(context, endpoint, 'InService');
      });
    },
  };
}

function settleVariant(variant: LiveVariant, weight: number, instanceCount: number): void {
  variant.currentWeight = weight;
  variant.desiredWeight = weight;
  variant.currentInstanceCount = instanceCount;
  variant.desiredInstanceCount = instanceCount;
}

/** @throws AwsError ValidationException when the endpoint has no such variant */
export function variantOf(endpoint: Endpoint, name: string): LiveVariant {
  const variant = endpoint.variants.find((candidate) => candidate.config.VariantName === name);
  if (!variant)
    throw validationError(
      `The variant name(s) "${name}" is/are not present within endpoint configuration "${endpoint.configName}".`,
    );
  return variant;
}
