/** Task resources: which integration a `Resource` names, and whether the laptop cloud has it. */
import { UnsupportedFeature } from '../../kernel/errors.ts';
import { SDK_SERVICES } from './sdk-services.ts';

/** How a task waits: for the answer, for the job's end (two output formats), or for a callback with its token. */
export type Pattern = 'response' | 'sync' | 'sync:2' | 'token';

export type Resource =
  | { readonly kind: 'function'; readonly arn: string }
  | {
      readonly kind: 'integration';
      /** An AWS SDK integration, or one of those that Step Functions made itself. */
      readonly sdk: boolean;
      readonly service: string;
      readonly action: string;
      readonly pattern: Pattern;
    };

const SUFFIXES: Readonly<Record<string, Pattern>> = { sync: 'sync', 'sync:2': 'sync:2', waitForTaskToken: 'token' };

/** The optimised integrations, and the patterns that each has. */
const OPTIMISED: Readonly<Record<string, readonly Pattern[]>> = {
  'lambda:invoke': ['response', 'token'],
  'sqs:sendMessage': ['response', 'token'],
  'sns:publish': ['response', 'token'],
  'events:putEvents': ['response', 'token'],
  'dynamodb:getItem': ['response'],
  'dynamodb:putItem': ['response'],
  'dynamodb:updateItem': ['response'],
  'dynamodb:deleteItem': ['response'],
  'states:startExecution': ['response', 'sync', 'sync:2', 'token'],
  'sagemaker:createTrainingJob': ['response', 'sync'],
  'sagemaker:createTransformJob': ['response', 'sync'],
  'sagemaker:createProcessingJob': ['response', 'sync'],
  'sagemaker:createHyperParameterTuningJob': ['response', 'sync'],
  'sagemaker:createModel': ['response'],
  'sagemaker:createEndpointConfig': ['response'],
  'sagemaker:createEndpoint': ['response'],
  'sagemaker:updateEndpoint': ['response'],
};

/** @returns undefined when the text is no resource at all; @throws UnsupportedFeature for integrations that are not here */
export function parseResource(text: string): Resource | undefined {
  if (/^arn:[^:]+:lambda:[^:]*:[^:]*:function:.+$/.test(text)) return { kind: 'function', arn: text };
  if (/^arn:[^:]+:states:[^:]*:[^:]*:activity:.+$/.test(text))
    throw new UnsupportedFeature('Step Functions activities');
  const match =
    /^arn:[^:]+:states:[^:]*:[^:]*:(aws-sdk:)?([A-Za-z0-9]+):([A-Za-z0-9]+)(?:\.(sync|sync:2|waitForTaskToken))?$/.exec(
      text,
    );
  if (!match) return undefined;
  const [, sdkPart, service = '', action = '', suffix] = match;
  const sdk = sdkPart !== undefined;
  const pattern = suffix === undefined ? 'response' : SUFFIXES[suffix]!;
  if (sdk) checkSdk(text, service, pattern);
  else checkOptimised(text, `${service}:${action}`, pattern);
  return { kind: 'integration', sdk, service, action, pattern };
}

function checkSdk(text: string, service: string, pattern: Pattern): void {
  if (!SDK_SERVICES[service]) {
    throw new UnsupportedFeature(`Task resource ${text}`, `the services are ${Object.keys(SDK_SERVICES).join(', ')}`);
  }
  if (pattern === 'sync' || pattern === 'sync:2') {
    throw new UnsupportedFeature(`Task resource ${text}`, 'AWS has no .sync for SDK integrations');
  }
}

function checkOptimised(text: string, name: string, pattern: Pattern): void {
  const patterns = OPTIMISED[name];
  if (!patterns) {
    throw new UnsupportedFeature(
      `Task resource ${text}`,
      `use arn:aws:states:::aws-sdk:..., or one of ${Object.keys(OPTIMISED).join(', ')}`,
    );
  }
  if (!patterns.includes(pattern)) {
    throw new UnsupportedFeature(`Task resource ${text}`, `${name} has ${patterns.join(', ')}`);
  }
}

/** `resourceType` and `resource` as history events name them. */
export function eventResource(resource: Extract<Resource, { kind: 'integration' }>): {
  resourceType: string;
  resource: string;
} {
  const suffix = { response: '', sync: '.sync', 'sync:2': '.sync:2', token: '.waitForTaskToken' }[resource.pattern];
  return {
    resourceType: resource.sdk ? `aws-sdk:${resource.service}` : resource.service,
    resource: resource.action + suffix,
  };
}
