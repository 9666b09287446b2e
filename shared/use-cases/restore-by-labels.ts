/** With the table down: the endpoint's own labels say who the champion is, and the traffic goes back by them alone. */
import { championOnly } from '../domain/rollout/weights.ts';
import { type Spool } from '../ports/flow.ts';
import { type StopSignal } from '../ports/rollout-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';

export interface RestoreByLabelsDependencies {
  readonly platform: ServingPlatform;
  readonly spool: Spool;
}

/**
 * Gives the labelled champion all traffic and spools the signal, so that the rollout stops for good when the table is back.
 * @param unlessVariant the champion's own alarm must not take traffic from it
 * @returns false when the labels name no champion, or it is that variant
 * @throws EndpointBusy (retry)
 */
export async function restoreByLabels(
  deps: RestoreByLabelsDependencies,
  about: { model: string; endpoint: string; stop: StopSignal; rolloutId?: string; unlessVariant?: string },
): Promise<boolean> {
  const champion = (await deps.platform.labels(about.endpoint))['switchyard:champion'];
  if ((champion !== 'blue' && champion !== 'green') || champion === about.unlessVariant) return false;
  const { model, stop, rolloutId } = about;
  // Kept first: a restore that has to be asked for again must not depend on this invocation.
  await deps.spool.keep({ model, stop, detail: stop.detail, ...(rolloutId === undefined ? {} : { rolloutId }) });
  await deps.platform.setWeights(about.endpoint, championOnly(champion));
  return true;
}
