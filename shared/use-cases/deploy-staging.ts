/** Puts the candidate, and the champion beside it, on an endpoint of their own that no caller knows. */
import { type Catalog } from '../catalog/catalog.ts';
import { type RealTimeModel } from '../catalog/model-definition.ts';
import { endpointName, stagingEndpointName } from '../catalog/names.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
import { type ServingPlatform, type VariantSpec } from '../ports/serving-platform.ts';

export interface DeployStagingDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly releases: ReleaseStore;
  readonly endpoints: EndpointStore;
  readonly registry: ModelRegistry;
  readonly platform: ServingPlatform;
}

export const CANDIDATE_VARIANT = 'candidate';
export const REFERENCE_VARIANT = 'reference';

/** The servable of a version, named by endpoint and version number so that asking twice finds the first. */
export function servableName(stage: string, model: string, versionNumber: number): string {
  return `${endpointName(stage, model)}-v${versionNumber}`;
}

function stagingVariant(model: RealTimeModel, variant: string, servable: VariantSpec['servable']): VariantSpec {
  return { variant, servable, initialWeight: 1, instanceType: model.serving.instanceType, instanceCount: 1 };
}

/**
 * @returns the staging endpoint's name; it is to be waited for
 * @throws UnknownRelease, VersionNotDeployable
 */
export async function deployStaging(deps: DeployStagingDependencies, ref: ReleaseRef): Promise<{ endpoint: string }> {
  const model = deps.catalog.realTime(ref.model);
  const release = await deps.releases.get(ref);
  const champion = await deps.endpoints.champion(ref.model);
  const endpoint = stagingEndpointName(deps.stage, ref.model);
  const servable = { name: servableName(deps.stage, ref.model, release.versionNumber), version: release.version };
  const variants = [stagingVariant(model, CANDIDATE_VARIANT, servable)];
  if (champion) variants.push(stagingVariant(model, REFERENCE_VARIANT, champion.arm.servable));

  await deps.platform.prepare(servable);
  const configuration = `${endpoint}-v${release.versionNumber}`;
  await deps.platform.configure({ configuration, variants, capturePercent: 0, captureUri: '' });
  await deps.platform.createEndpoint(endpoint, configuration, { 'switchyard:release': ref.releaseId });
  await deps.registry.markStage(release.version, 'Staging', `tested on ${endpoint}`);
  return { endpoint };
}
