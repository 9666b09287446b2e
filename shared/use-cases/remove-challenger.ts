/** Takes the losing variant off the endpoint once it has no traffic, and deletes nothing that is still referred to. */
import { type RolloutRef } from '../ports/rollout-store.ts';
import { type AddChallengerDependencies, variantSpec } from './add-challenger.ts';
import { changeEndpoint } from './change-endpoint.ts';
import { NotSettled } from '../domain/flow-errors.ts';
import { servesAlone } from './restore-champion.ts';

/**
 * @returns the id of the change, or null when the variant is not there, or has become the champion
 * @throws NotSettled (retry) while the champion does not have all traffic, read back; StaleEpoch, EndpointBusy (retry)
 */
export async function removeChallenger(
  deps: AddChallengerDependencies,
  ref: RolloutRef,
  epoch: number,
): Promise<{ changeId: string | null }> {
  const record = await deps.rollouts.get(ref);
  const { champion, challenger, endpoint } = record;
  if (!champion) return { changeId: null };
  // After a committed promotion this variant is the champion; what is beside it is kept warm.
  if ((await deps.endpoints.champion(ref.model))?.rolloutId === ref.rolloutId) return { changeId: null };
  const observed = await deps.platform.observe(endpoint);
  const present = observed?.variants.some((variant) => variant.variant === challenger.variant);
  if (!present) return { changeId: null };
  // A rollback on demand that fails leaves the warm variant as it found it: the reconciler knows until when.
  if (record.kind === 'ROLLBACK_ON_DEMAND') return { changeId: null };
  if (!servesAlone(observed, champion.variant))
    throw new NotSettled(endpoint, `${champion.variant} does not have all traffic`);
  const model = deps.catalog.realTime(ref.model);
  const configuration = `${endpoint}-e${epoch}-single`;
  await deps.platform.configure({
    configuration,
    variants: [variantSpec(model, champion, 100)],
    capturePercent: model.serving.capturePercent,
    captureUri: `${deps.captureUri}/${ref.model}`,
  });
  const call = (): Promise<void> => deps.platform.changeConfiguration(endpoint, configuration);
  const weights = { [champion.variant]: 100 };
  return {
    changeId: await changeEndpoint(deps, {
      ref,
      epoch,
      endpoint,
      actor: 'remove-challenger',
      purpose: 'REMOVE_VARIANT',
      configuration,
      weights,
      call,
    }),
  };
}
