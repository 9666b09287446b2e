import { refused, type ServiceCases } from '../case.ts';

const TEMPLATE = {
  AWSTemplateFormatVersion: '2010-09-09',
  Description: 'a queue & its name',
  Parameters: { Prefix: { Type: 'String', Default: 'dev' } },
  Resources: {
    Jobs: { Type: 'AWS::SQS::Queue', Properties: { QueueName: { 'Fn::Sub': '${Prefix}-jobs' } } },
  },
  Outputs: { QueueUrl: { Value: { Ref: 'Jobs' }, Export: { Name: 'jobs-url' } } },
};

export const CLOUDFORMATION: ServiceCases = {
  service: 'cloudformation',
  prepare: async (cloud) => {
    const deployment = cloud.services.cloudformation.deploy(TEMPLATE, { stackName: 'jobs' });
    await cloud.kernel.settle(deployment);
  },
  cases: [
    {
      operation: 'DescribeStacks',
      input: { StackName: 'jobs' },
      answer: {
        'Stacks.0.StackName': 'jobs',
        'Stacks.0.StackStatus': 'CREATE_COMPLETE',
        'Stacks.0.Description': 'a queue & its name',
        'Stacks.0.CreationTime': Date,
        'Stacks.0.Parameters.0.ParameterValue': 'dev',
        'Stacks.0.Outputs.0.OutputValue': /dev-jobs$/,
        'Stacks.0.Outputs.0.ExportName': 'jobs-url',
      },
    },
    { operation: 'DescribeStacks', input: {}, answer: { 'Stacks.0.StackName': 'jobs' } },
    {
      operation: 'ListStacks',
      input: { StackStatusFilter: ['CREATE_COMPLETE', 'UPDATE_COMPLETE'] },
      answer: { 'StackSummaries.0.StackId': /stack\/jobs/, 'StackSummaries.0.CreationTime': Date },
    },
    {
      operation: 'ListStackResources',
      input: { StackName: 'jobs' },
      answer: {
        'StackResourceSummaries.0.LogicalResourceId': 'Jobs',
        'StackResourceSummaries.0.LastUpdatedTimestamp': Date,
      },
    },
    {
      operation: 'DescribeStackResources',
      input: { StackName: 'jobs', LogicalResourceId: 'Jobs' },
      answer: { 'StackResources.0.ResourceType': 'AWS::SQS::Queue', 'StackResources.0.Timestamp': Date },
    },
    { operation: 'GetTemplate', input: { StackName: 'jobs' }, answer: { TemplateBody: /"AWSTemplateFormatVersion"/ } },
    refused('DescribeStacks', { StackName: 'none' }, 'ValidationError', 400, /Stack with id none does not exist/),
    refused('GetTemplate', { StackName: 'none' }, 'ValidationError', 400, /none does not exist/),
  ],
};
