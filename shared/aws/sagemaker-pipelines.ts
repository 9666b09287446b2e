/** SageMaker Pipelines as the trainer. */
import { type SageMakerClient, StartPipelineExecutionCommand } from '@aws-sdk/client-sagemaker';
import { UnknownPipeline } from '../domain/flow-errors.ts';
import { type TrainingPipelines } from '../ports/training-pipelines.ts';
import { errorName } from './platform.ts';

export function newSageMakerPipelines(client: SageMakerClient): TrainingPipelines {
  return {
    async start(run) {
      const input = {
        PipelineName: run.pipeline,
        PipelineExecutionDisplayName: run.displayName,
        PipelineParameters: Object.entries(run.parameters).map(([Name, Value]) => ({ Name, Value })),
        ClientRequestToken: run.requestToken,
      };
      try {
        const { PipelineExecutionArn } = await client.send(new StartPipelineExecutionCommand(input));
        return { executionArn: PipelineExecutionArn ?? '' };
      } catch (error) {
        if (errorName(error) === 'ResourceNotFound') throw new UnknownPipeline(run.pipeline);
        throw error;
      }
    },
  };
}
