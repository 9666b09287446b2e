/** Every resource type that the laptop cloud can make. */
import { UnsupportedFeature } from '../kernel/errors.ts';
import { type ResourceType } from './resource-type.ts';
import { cloudWatchTypes } from './resources/cloudwatch.ts';
import { dynamoDbTypes } from './resources/dynamodb.ts';
import { eventsTypes } from './resources/events.ts';
import { iamTypes } from './resources/iam.ts';
import { kmsTypes } from './resources/kms.ts';
import { lambdaTypes } from './resources/lambda.ts';
import { logsTypes } from './resources/logs.ts';
import { s3Types } from './resources/s3.ts';
import { sageMakerTypes } from './resources/sagemaker.ts';
import { schedulerTypes } from './resources/scheduler.ts';
import { secretsManagerTypes } from './resources/secretsmanager.ts';
import { snsTypes } from './resources/sns.ts';
import { sqsTypes } from './resources/sqs.ts';
import { ssmTypes } from './resources/ssm.ts';
import { stepFunctionsTypes } from './resources/stepfunctions.ts';

export const RESOURCE_TYPES: Readonly<Record<string, ResourceType>> = {
  ...cloudWatchTypes,
  ...dynamoDbTypes,
  ...eventsTypes,
  ...iamTypes,
  ...kmsTypes,
  ...lambdaTypes,
  ...logsTypes,
  ...s3Types,
  ...sageMakerTypes,
  ...schedulerTypes,
  ...secretsManagerTypes,
  ...snsTypes,
  ...sqsTypes,
  ...ssmTypes,
  ...stepFunctionsTypes,
};

/** Why some types are refused for good, and what to do instead. */
const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [/^AWS::ApiGatewayV2::/, 'there is no API Gateway in the laptop cloud yet: call the function through Lambda'],
  [
    /^AWS::SageMaker::(Endpoint|EndpointConfig|Model)$/,
    'rollouts make models and endpoints at run time; a template that holds one would fight them',
  ],
];

/** @throws UnsupportedFeature for a type that is not known */
export function findResourceType(logicalId: string, type: string): ResourceType {
  const found = RESOURCE_TYPES[type];
  if (found) return found;
  const remedy = REMEDIES.find(([pattern]) => pattern.test(type))?.[1];
  throw new UnsupportedFeature(`${logicalId}: resource type '${type}'`, remedy);
}

/** Looks at a resource before anything is made. @throws UnsupportedFeature for its type or one of its properties */
export function refuseUnknown(logicalId: string, type: string, properties: Readonly<Record<string, unknown>>): void {
  const { propertyNames } = findResourceType(logicalId, type);
  const unknown = Object.keys(properties).filter((name) => !propertyNames.has(name));
  if (unknown.length > 0) throw new UnsupportedFeature(`property ${logicalId} (${type}).${unknown.join(', .')}`);
}
