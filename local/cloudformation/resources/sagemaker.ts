/** AWS::SageMaker::*: what is there before the first model. Models and endpoints are made by Switchyard itself. */
import { templateError } from '../errors.ts';
import { type ResourceType, resourceType } from '../resource-type.ts';
import { json, number, object, tagList, text } from '../shape.ts';
import { isObject } from '../template.ts';

const modelPackageGroup = resourceType(
  { ModelPackageGroupName: text, ModelPackageGroupDescription: text, ModelPackageGroupPolicy: json, Tags: tagList },
  async (properties, context) => {
    const { ModelPackageGroupPolicy: policy, ...rest } = properties;
    const { ModelPackageGroupArn } = await context.call('sagemaker', 'CreateModelPackageGroup', { ...rest });
    if (policy !== undefined) {
      await context.call('sagemaker', 'PutModelPackageGroupPolicy', {
        ModelPackageGroupName: rest.ModelPackageGroupName,
        ResourcePolicy: JSON.stringify(policy),
      });
    }
    return { physicalId: ModelPackageGroupArn, attributes: { ModelPackageGroupArn } };
  },
);

const pipeline = resourceType(
  {
    PipelineName: text,
    PipelineDisplayName: text,
    PipelineDescription: text,
    PipelineDefinition: json,
    ParallelismConfiguration: object({ MaxParallelExecutionSteps: number }),
    RoleArn: text,
    Tags: tagList,
  },
  async (properties, context) => {
    const { PipelineDefinition: definition, RoleArn, ...rest } = properties;
    const body = isObject(definition) ? definition.PipelineDefinitionBody : undefined;
    if (typeof body !== 'string' || Object.keys(definition as object).length !== 1) {
      throw templateError(`${context.logicalId}: PipelineDefinition must be { PipelineDefinitionBody: <JSON text> }`);
    }
    context.requireAssumable(
      RoleArn,
      'sagemaker',
      `Could not assume role ${RoleArn}. Please ensure that the role exists and allows principal 'sagemaker.amazonaws.com' to assume the role.`,
      context.arn('sagemaker', `pipeline/${(rest.PipelineName ?? '').toLowerCase()}`),
    );
    await context.call('sagemaker', 'CreatePipeline', {
      ...rest,
      RoleArn,
      PipelineDefinition: body,
      ClientRequestToken: context.random.uuid(),
    });
    return { physicalId: rest.PipelineName ?? '' };
  },
);

export const sageMakerTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::SageMaker::ModelPackageGroup': modelPackageGroup,
  'AWS::SageMaker::Pipeline': pipeline,
};
