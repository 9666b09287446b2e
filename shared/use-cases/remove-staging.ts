/** Takes the staging endpoint away; nothing of it serves anybody. */
import { stagingEndpointName } from '../catalog/names.ts';
import { type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { type ServingPlatform } from '../ports/serving-platform.ts';
import { stagingConfiguration } from './deploy-staging.ts';

export interface RemoveStagingDependencies {
  readonly stage: string;
  readonly releases: ReleaseStore;
  readonly platform: ServingPlatform;
}

/** Idempotent; another candidate's endpoint stays. The candidate's servable stays: the rollout needs it, and the release's end removes it if it goes nowhere. */
export async function removeStaging(deps: RemoveStagingDependencies, ref: ReleaseRef): Promise<void> {
  const release = await deps.releases.get(ref);
  const endpoint = stagingEndpointName(deps.stage, ref.model);
  const configuration = stagingConfiguration(deps.stage, ref.model, release.versionNumber);
  const observed = await deps.platform.observe(endpoint);
  if (observed?.configuration === configuration) await deps.platform.deleteEndpoint(endpoint);
  await deps.platform.deleteConfiguration(configuration);
}
