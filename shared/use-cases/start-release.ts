/** A version has been registered as pending: its release begins. */
import { type Catalog } from '../catalog/catalog.ts';
import { packageGroupName } from '../catalog/names.ts';
import { UnknownModel } from '../domain/errors.ts';
import { type Executions } from '../ports/flow.ts';

export interface StartReleaseDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly releaseMachine: string;
  readonly executions: Executions;
}

export interface RegisteredVersion {
  readonly group: string;
  readonly version: string;
  readonly versionNumber: number;
}

/** The model whose versions the group holds. @throws UnknownModel */
export function modelOfGroup(catalog: Catalog, stage: string, group: string): string {
  const model = catalog.models.find((each) => packageGroupName(stage, each.name) === group);
  if (!model)
    throw new UnknownModel(
      group,
      catalog.models.map((each) => packageGroupName(stage, each.name)),
    );
  return model.name;
}

/** The id of the release of a version: deterministic, so that a doubled event finds the first. */
export function releaseIdOf(model: string, versionNumber: number): string {
  return `${model}-v${versionNumber}`;
}

/** @throws UnknownModel */
export async function startRelease(
  deps: StartReleaseDependencies,
  registered: RegisteredVersion,
): Promise<{ releaseId: string; started: boolean }> {
  const model = modelOfGroup(deps.catalog, deps.stage, registered.group);
  const releaseId = releaseIdOf(model, registered.versionNumber);
  const input = { model, releaseId, version: registered.version, versionNumber: registered.versionNumber };
  const { started } = await deps.executions.start(deps.releaseMachine, releaseId, input);
  return { releaseId, started };
}
