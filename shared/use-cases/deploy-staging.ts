/** Puts the candidate, and the champion beside it, on an endpoint of their own that no caller knows. */
import { type Catalog } from '../catalog/catalog.ts';
import { type RealTimeModel } from '../catalog/model-definition.ts';
import { endpointName, stagingEndpointName } from '../catalog/names.ts';
import { EndpointBusy } from '../domain/flow-errors.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type ModelRegistry } from '../ports/model-registry.ts';
import { type ReleaseRecord, type ReleaseRef, type ReleaseStore } from '../ports/release-store.ts';
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

/** What the staging endpoint serves while this version is on trial: by its name one candidate is told from another. */
export function stagingConfiguration(stage: string, model: string, versionNumber: number): string {
  const endpoint = stagingEndpointName(stage, model);
  const configuration = `${endpoint}-v${versionNumber}`;
  return configuration;
}

function stagingVariant(model: RealTimeModel, variant: string, servable: VariantSpec['servable']): VariantSpec {
  return { variant, servable, initialWeight: 1, instanceType: model.serving.instanceType, instanceCount: 1 };
}

/**
 * One candidate at a time: another's answers would prove nothing. What an ended release has left behind is taken away.
 * @throws EndpointBusy while an endpoint of another candidate, or one that goes away, is there
 */
async function requireOwn(deps: DeployStagingDependencies, endpoint: string, release: ReleaseRecord): Promise<void> {
  const observed = await deps.platform.observe(endpoint);
  if (!observed) return;
  const { stage } = deps;
  const { model, versionNumber } = release;
  const own = observed.configuration === stagingConfiguration(stage, model, versionNumber);
  if (own && observed.status !== 'DELETING') return;
  const isOnTrial = (each: ReleaseRecord): boolean =>
    each.model === model && observed.configuration === stagingConfiguration(stage, model, each.versionNumber);
  if (!own && !(await deps.releases.open()).some(isOnTrial)) await deps.platform.deleteEndpoint(endpoint);
  throw new EndpointBusy(endpoint, `${observed.rawStatus} with ${observed.configuration}`);
}

/**
 * @returns the staging endpoint's name; it is to be waited for
 * @throws EndpointBusy (retry), UnknownRelease, VersionNotDeployable
 */
export async function deployStaging(deps: DeployStagingDependencies, ref: ReleaseRef): Promise<{ endpoint: string }> {
  const model = deps.catalog.realTime(ref.model);
  const release = await deps.releases.get(ref);
  const champion = await deps.endpoints.champion(ref.model);
  const endpoint = stagingEndpointName(deps.stage, ref.model);
  await requireOwn(deps, endpoint, release);
  const servable = { name: servableName(deps.stage, ref.model, release.versionNumber), version: release.version };
  const variants = [stagingVariant(model, CANDIDATE_VARIANT, servable)];
  if (champion) variants.push(stagingVariant(model, REFERENCE_VARIANT, champion.arm.servable));

  await deps.platform.prepare(servable);
  const configuration = stagingConfiguration(deps.stage, ref.model, release.versionNumber);
  await deps.platform.configure({ configuration, variants, capturePercent: 0, captureUri: '' });
  await deps.platform.createEndpoint(endpoint, configuration, { 'switchyard:release': ref.releaseId });
  await deps.registry.markStage(release.version, 'Staging', `tested on ${endpoint}`);
  return { endpoint };
}
