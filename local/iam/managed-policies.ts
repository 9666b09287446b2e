/** The AWS managed policies that the laptop cloud knows, copied from AWS's reference of managed policies. */
import { UnsupportedFeature } from '../kernel/errors.ts';

const LOGS = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];

const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  'service-role/AWSLambdaBasicExecutionRole': LOGS,
  'service-role/AWSLambdaSQSQueueExecutionRole': [
    'sqs:ReceiveMessage',
    'sqs:DeleteMessage',
    'sqs:GetQueueAttributes',
    ...LOGS,
  ],
  'service-role/AWSLambdaDynamoDBExecutionRole': [
    'dynamodb:DescribeStream',
    'dynamodb:GetRecords',
    'dynamodb:GetShardIterator',
    'dynamodb:ListStreams',
    ...LOGS,
  ],
  AWSXRayDaemonWriteAccess: [
    'xray:PutTraceSegments',
    'xray:PutTelemetryRecords',
    'xray:GetSamplingRules',
    'xray:GetSamplingTargets',
    'xray:GetSamplingStatisticSummaries',
  ],
};

/**
 * The document of an AWS managed policy.
 * @throws UnsupportedFeature for every other policy: an unknown policy would refuse or allow by guess
 */
export function managedPolicyDocument(policyArn: string): object {
  const actions = ACTIONS[/^arn:aws:iam::aws:policy\/(.+)$/.exec(policyArn)?.[1] ?? ''];
  if (!actions) {
    throw new UnsupportedFeature(
      `managed policy '${policyArn}'`,
      `write an inline policy; known are ${Object.keys(ACTIONS).join(', ')}`,
    );
  }
  return { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: actions, Resource: '*' }] };
}
