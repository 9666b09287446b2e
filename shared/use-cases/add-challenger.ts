/** Provisions the challenger beside the champion with no traffic at all; or creates the endpoint for a first version. */
import { type Catalog } from '../catalog/catalog.ts';
import { type RealTimeModel } from '../catalog/model-definition.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type Arm, type RolloutRecord, type RolloutRef } from '../ports/rollout-store.ts';
import { type ConfigurationSpec, type VariantSpec } from '../ports/serving-platform.ts';
import { changeEndpoint, type ChangeEndpointDependencies } from './change-endpoint.ts';
import { checkNotStopped } from './rollout-signals.ts';

export interface AddChallengerDependencies extends ChangeEndpointDependencies {
  readonly catalog: Catalog;
  readonly registry: ModelRegistry;
  /** Where captured requests go. */
  readonly captureUri: string;
}

/** A variant as the catalog wants it. Live counts and weights of variants that run already survive a change of configuration. */
export function variantSpec(model: RealTimeModel, arm: Arm, initialWeight: number): VariantSpec {
  const { instanceType, instanceCount } = model.serving;
  return { variant: arm.variant, servable: arm.servable, initialWeight, instanceType, instanceCount };
}

function configurationFor(
  deps: AddChallengerDependencies,
  record: RolloutRecord,
  suffix: string,
  variants: readonly VariantSpec[],
): ConfigurationSpec {
  const model = deps.catalog.realTime(record.model);
  const captureUri = `${deps.captureUri}/${record.model}`;
  return {
    configuration: `${record.endpoint}-e${record.epoch}-${suffix}`,
    variants,
    capturePercent: model.serving.capturePercent,
    captureUri,
  };
}

/**
 * @returns the id of the change, to be waited for
 * @throws RolloutStopped, StaleEpoch, EndpointBusy (retry), VersionNotDeployable
 */
export async function addChallenger(
  deps: AddChallengerDependencies,
  ref: RolloutRef,
  epoch: number,
): Promise<{ changeId: string }> {
  const record = await deps.rollouts.get(ref);
  checkNotStopped(record);
  const model = deps.catalog.realTime(ref.model);
  await deps.platform.prepare(record.challenger.servable);
  const common = { ref, epoch, endpoint: record.endpoint, actor: 'add-challenger' };
  if (!record.champion) {
    const spec = configurationFor(deps, record, 'first', [variantSpec(model, record.challenger, 100)]);
    await deps.platform.configure(spec);
    const tags = { 'switchyard:epoch': String(epoch), 'switchyard:champion': record.challenger.variant };
    const call = (): Promise<void> => deps.platform.createEndpoint(record.endpoint, spec.configuration, tags);
    const weights = { [record.challenger.variant]: 100 };
    return {
      changeId: await changeEndpoint(deps, {
        ...common,
        purpose: 'CREATE',
        configuration: spec.configuration,
        weights,
        call,
      }),
    };
  }
  const variants = [variantSpec(model, record.champion, 100), variantSpec(model, record.challenger, 0)];
  const spec = configurationFor(deps, record, 'both', variants);
  await deps.platform.configure(spec);
  const call = (): Promise<void> => deps.platform.changeConfiguration(record.endpoint, spec.configuration);
  const weights = { [record.champion.variant]: 100, [record.challenger.variant]: 0 };
  const changeId = await changeEndpoint(deps, {
    ...common,
    purpose: 'ADD_CHALLENGER',
    configuration: spec.configuration,
    weights,
    call,
  });
  await deps.registry.markStage(record.challenger.servable.version, 'Canary', `rollout ${ref.rolloutId}`);
  return { changeId };
}
