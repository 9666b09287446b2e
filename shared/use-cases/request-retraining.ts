/** Starts a model's training pipeline for a trigger, once. Retraining never deploys: the candidate enters the approval like any other. */
import { type Catalog } from '../catalog/catalog.ts';
import { pipelineName } from '../catalog/names.ts';
import { build } from '../../events/contract.ts';
import { retrainingStarted } from '../../events/retraining/retraining-started.v1.ts';
import { type RetrainingTrigger, requestToken, trainingDisplayName } from '../domain/retraining/request-token.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type TrainingData, type TrainingPipelines } from '../ports/training-pipelines.ts';

export interface RequestRetrainingDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly pipelines: TrainingPipelines;
  readonly trainingData: TrainingData;
  readonly events: EventPublisher;
}

export interface RetrainingRequest {
  readonly trigger: RetrainingTrigger;
  readonly reason: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * 1. The model is in the catalog. 2. The trigger's logical window gives the request token: doubled and late triggers of one
 * window start one run. 3. The newest data snapshot names the days; what the request says comes before it. 4. The pipeline starts. 5. `retraining.started` is put.
 * @throws UnknownModel, UnknownPipeline, DocumentMissing
 */
export async function requestRetraining(
  deps: RequestRetrainingDependencies,
  request: RetrainingRequest,
): Promise<{ executionArn: string; requestToken: string }> {
  const model = deps.catalog.model(request.trigger.model);
  const token = requestToken(request.trigger);
  const snapshot = await deps.trainingData.latest(model.name);
  const run = await deps.pipelines.start({
    pipeline: pipelineName(deps.stage, model.name),
    parameters: { ...snapshot, ...request.parameters, TriggerReason: request.reason },
    requestToken: token,
    displayName: trainingDisplayName(request.trigger),
  });
  const detail = {
    model: model.name,
    trigger: request.trigger.kind,
    reason: request.reason,
    executionArn: run.executionArn,
    requestToken: token,
  };
  await deps.events.publish([build(retrainingStarted, detail)]);
  return { executionArn: run.executionArn, requestToken: token };
}
