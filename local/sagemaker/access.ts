/** What IAM must allow for each SageMaker call: action, resources, and iam:PassRole for the roles that it hands over. */
import { type Access, type WireInput } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';

/** Resource type and the member that names it, per operation. Several entries: each must be allowed, as AWS checks them. */
const RESOURCES: Readonly<Record<string, readonly (readonly [type: string, member: string])[]>> = {
  CreateModel: [['model', 'ModelName']],
  DescribeModel: [['model', 'ModelName']],
  DeleteModel: [['model', 'ModelName']],
  CreateEndpointConfig: [['endpoint-config', 'EndpointConfigName']],
  DescribeEndpointConfig: [['endpoint-config', 'EndpointConfigName']],
  DeleteEndpointConfig: [['endpoint-config', 'EndpointConfigName']],
  CreateEndpoint: [
    ['endpoint', 'EndpointName'],
    ['endpoint-config', 'EndpointConfigName'],
  ],
  UpdateEndpoint: [
    ['endpoint', 'EndpointName'],
    ['endpoint-config', 'EndpointConfigName'],
  ],
  DescribeEndpoint: [['endpoint', 'EndpointName']],
  UpdateEndpointWeightsAndCapacities: [['endpoint', 'EndpointName']],
  DeleteEndpoint: [['endpoint', 'EndpointName']],
  InvokeEndpoint: [['endpoint', 'EndpointName']],
  CreateModelPackageGroup: [['model-package-group', 'ModelPackageGroupName']],
  DescribeModelPackageGroup: [['model-package-group', 'ModelPackageGroupName']],
  DeleteModelPackageGroup: [['model-package-group', 'ModelPackageGroupName']],
  CreateModelPackage: [['model-package-group', 'ModelPackageGroupName']],
  ListModelPackages: [['model-package-group', 'ModelPackageGroupName']],
  DescribeModelPackage: [['model-package', 'ModelPackageName']],
  UpdateModelPackage: [['model-package', 'ModelPackageArn']],
  DeleteModelPackage: [['model-package', 'ModelPackageName']],
  CreateTrainingJob: [['training-job', 'TrainingJobName']],
  DescribeTrainingJob: [['training-job', 'TrainingJobName']],
  StopTrainingJob: [['training-job', 'TrainingJobName']],
  CreateProcessingJob: [['processing-job', 'ProcessingJobName']],
  DescribeProcessingJob: [['processing-job', 'ProcessingJobName']],
  StopProcessingJob: [['processing-job', 'ProcessingJobName']],
  CreateTransformJob: [['transform-job', 'TransformJobName']],
  DescribeTransformJob: [['transform-job', 'TransformJobName']],
  StopTransformJob: [['transform-job', 'TransformJobName']],
  CreatePipeline: [['pipeline', 'PipelineName']],
  UpdatePipeline: [['pipeline', 'PipelineName']],
  DescribePipeline: [['pipeline', 'PipelineName']],
  DeletePipeline: [['pipeline', 'PipelineName']],
  StartPipelineExecution: [['pipeline', 'PipelineName']],
  ListPipelineExecutions: [['pipeline', 'PipelineName']],
  DescribePipelineExecution: [['pipeline', 'PipelineExecutionArn']],
  StopPipelineExecution: [['pipeline', 'PipelineExecutionArn']],
  ListPipelineExecutionSteps: [['pipeline', 'PipelineExecutionArn']],
  ListPipelineParametersForExecution: [['pipeline', 'PipelineExecutionArn']],
  DescribePipelineDefinitionForExecution: [['pipeline', 'PipelineExecutionArn']],
};

/** Members that hand a role over to SageMaker. */
const ROLE_MEMBERS: Readonly<Record<string, string>> = {
  CreateModel: 'ExecutionRoleArn',
  CreateTrainingJob: 'RoleArn',
  CreateProcessingJob: 'RoleArn',
  CreatePipeline: 'RoleArn',
  UpdatePipeline: 'RoleArn',
};

const TAGGING = new Set(['AddTags', 'ListTags', 'DeleteTags']);

/** @param input unchecked: IAM comes before validation, so a member may be missing or of the wrong type */
export function accessOf(context: SageMakerContext, operation: string, input: WireInput): Access[] {
  const action = `sagemaker:${operation}`;
  const arnOf = (type: string, value: unknown): string => {
    if (typeof value !== 'string') return '*';
    return value.startsWith('arn:') ? value : context.arn(type, value);
  };
  const named = (RESOURCES[operation] ?? []).map(([type, member]) => arnOf(type, input[member]));
  const resources = TAGGING.has(operation) ? [arnOf('', input['ResourceArn'])] : named.length === 0 ? ['*'] : named;
  const needs: Access[] = resources.map((resource) => ({ action, resource }));
  if (operation.startsWith('Create') && Array.isArray(input['Tags']) && input['Tags'].length > 0) {
    needs.push({ action: 'sagemaker:AddTags', resource: resources[0] ?? '*' });
  }
  const role = ROLE_MEMBERS[operation] === undefined ? undefined : (input[ROLE_MEMBERS[operation]] as unknown);
  if (typeof role === 'string') {
    needs.push({
      action: 'iam:PassRole',
      resource: role,
      conditionKeys: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
    });
  }
  return needs;
}
