/** Names of things that are made per model and stage; one place, so that producer and consumer cannot drift apart. */

/** The production endpoint of a model in a stage. */
export function endpointName(stage: string, model: string): string {
  return `${stage}-${model}`;
}

/** The short-lived endpoint on which a candidate is tested beside the champion. */
export function stagingEndpointName(stage: string, model: string): string {
  return `${stage}-${model}-staging`;
}

/** The registry's group of all versions of a model. */
export function packageGroupName(stage: string, model: string): string {
  return `${stage}-${model}`;
}

/** The SageMaker Pipeline that retrains a model. */
export function pipelineName(stage: string, model: string): string {
  return `${stage}-${model}`;
}
