/** An operator wants the previous version back, hours after a promotion. */
import { type Catalog } from '../catalog/catalog.ts';
import { NothingToRollBackTo } from '../domain/flow-errors.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type Executions } from '../ports/flow.ts';

export interface StartRollbackDependencies {
  readonly catalog: Catalog;
  readonly endpoints: EndpointStore;
  readonly executions: Executions;
  readonly rollbackMachine: string;
  /** Hexadecimal digest. */
  readonly sha256: (text: string) => string;
}

export interface RollbackRequest {
  readonly model: string;
  readonly requestedBy: string;
  readonly reason: string;
  /** The same key is the same request. */
  readonly idempotencyKey: string;
}

const NAME_CHARACTERS_MAX = 80;
const DIGEST_CHARACTERS = 16;

/** A key that can not be part of a name as it is, or not all of it, is told apart by its digest. */
function executionName(deps: StartRollbackDependencies, model: string, idempotencyKey: string): string {
  const wanted = `${model}-back-${idempotencyKey}`;
  const valid = wanted.replace(/[^A-Za-z0-9_-]/g, '-');
  if (valid === wanted && wanted.length <= NAME_CHARACTERS_MAX) return wanted;
  const digest = deps.sha256(wanted).slice(0, DIGEST_CHARACTERS);
  return `${valid.slice(0, NAME_CHARACTERS_MAX - DIGEST_CHARACTERS - 1)}-${digest}`;
}

/** @throws UnknownModel, NothingToRollBackTo */
export async function startRollback(
  deps: StartRollbackDependencies,
  request: RollbackRequest,
): Promise<{ executionArn: string }> {
  const model = deps.catalog.realTime(request.model);
  const champion = await deps.endpoints.champion(model.name);
  if (!champion?.previous)
    throw new NothingToRollBackTo(
      model.name,
      champion ? 'it has served one version only' : 'it has never been promoted',
    );
  const name = executionName(deps, model.name, request.idempotencyKey);
  const input = { model: model.name, requestedBy: request.requestedBy, reason: request.reason };
  const { executionArn } = await deps.executions.start(deps.rollbackMachine, name, input);
  return { executionArn };
}
