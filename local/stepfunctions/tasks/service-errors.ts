/** How errors of services reach a workflow: names and causes, for both kinds of integration. */
import type { AwsError } from '../../kernel/errors.ts';
import { StateError } from '../errors.ts';
import { SDK_SERVICES, type SdkService } from './sdk-services.ts';

/** Names in errors of the optimised integrations, which use the AWS SDK for Java 1. */
interface OptimisedNaming {
  readonly prefix: string;
  /** The error name for codes that the service model does not declare. */
  readonly fallback: string;
  readonly service: string;
  /** The SDK service with the same service model. */
  readonly sdk: string;
}

const OPTIMISED: Readonly<Record<string, OptimisedNaming>> = {
  lambda: { prefix: 'Lambda', fallback: 'AWSLambdaException', service: 'AWSLambda', sdk: 'lambda' },
  sqs: { prefix: 'SQS', fallback: 'AmazonSQSException', service: 'AmazonSQS', sdk: 'sqs' },
  sns: { prefix: 'SNS', fallback: 'AmazonSNSException', service: 'AmazonSNS', sdk: 'sns' },
  events: {
    prefix: 'EventBridge',
    fallback: 'AmazonEventBridgeException',
    service: 'AmazonEventBridge',
    sdk: 'eventbridge',
  },
  dynamodb: { prefix: 'DynamoDB', fallback: 'AmazonDynamoDBException', service: 'AmazonDynamoDBv2', sdk: 'dynamodb' },
  states: { prefix: 'StepFunctions', fallback: 'AWSStepFunctionsException', service: 'AWSStepFunctions', sdk: 'sfn' },
  sagemaker: {
    prefix: 'SageMaker',
    fallback: 'AmazonSageMakerException',
    service: 'AmazonSageMaker',
    sdk: 'sagemaker',
  },
  s3: { prefix: 'S3', fallback: 'AmazonS3Exception', service: 'Amazon S3', sdk: 's3' },
};

/** The Java SDK's class name for an error code: `ResourceNotFound` -> `ResourceNotFoundException`. */
function exceptionName(code: string): string {
  const name = code.charAt(0).toUpperCase() + code.slice(1);
  if (name.endsWith('Exception')) return name;
  return `${name.endsWith('Fault') ? name.slice(0, -'Fault'.length) : name}Exception`;
}

/** An error of an `aws-sdk:` task, for instance `SageMaker.ResourceNotFoundException`. */
export function sdkError(service: SdkService, error: AwsError, requestId: string): StateError {
  const name = exceptionName(error.code);
  const known = service.exceptions.has(name) ? name : `${service.prefix}Exception`;
  return new StateError(
    `${service.prefix}.${known}`,
    `${error.message} (Service: ${service.prefix}, Status Code: ${error.statusCode}, Request ID: ${requestId})`,
  );
}

/** An error of an optimised integration, for instance `DynamoDB.ConditionalCheckFailedException`. */
export function optimisedError(service: string, error: AwsError, requestId: string): StateError {
  const naming = OPTIMISED[service]!;
  const name = exceptionName(error.code);
  const known = SDK_SERVICES[naming.sdk]!.exceptions.has(name) ? name : naming.fallback;
  return new StateError(
    `${naming.prefix}.${known}`,
    `${error.message} (Service: ${naming.service}; Status Code: ${error.statusCode}; Error Code: ${error.code}; Request ID: ${requestId}; Proxy: null)`,
  );
}
