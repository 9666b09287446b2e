/** History events of a task, for integrations (Task...) and for functions named directly (LambdaFunction...). */
import type { StateError } from '../errors.ts';
import type { Json } from '../json.ts';
import type { Frame } from '../workflow.ts';
import { type Resource, eventResource } from './resource.ts';

export interface TaskEvents {
  scheduled(parameters: Json, timeoutSeconds: number | undefined, heartbeatSeconds: number | undefined): void;
  submitted(output: Json): void;
  succeeded(output: Json): void;
  failed(error: StateError): void;
  timedOut(error: StateError): void;
}

export function taskEvents(frame: Frame, resource: Resource): TaskEvents {
  return resource.kind === 'function' ? functionEvents(frame, resource.arn) : integrationEvents(frame, resource);
}

function integrationEvents(frame: Frame, resource: Extract<Resource, { kind: 'integration' }>): TaskEvents {
  const { thread } = frame;
  const { execution } = thread;
  const named = eventResource(resource);
  const failure = (type: 'TaskFailed' | 'TaskTimedOut', member: string, error: StateError): void =>
    execution.recordFailure(thread, type, 'fields', member, { ...named, error: error.error, cause: error.causeText });
  return {
    scheduled: (parameters, timeoutInSeconds, heartbeatInSeconds) => {
      const region = frame.engine.cloud.region;
      const data = { ...named, region, parameters, timeoutInSeconds, heartbeatInSeconds };
      execution.record(thread, 'TaskScheduled', 'fields', 'taskScheduledEventDetails', data);
      execution.record(thread, 'TaskStarted', 'fields', 'taskStartedEventDetails', named);
    },
    submitted: (output) =>
      void execution.record(thread, 'TaskSubmitted', 'fields', 'taskSubmittedEventDetails', { ...named, output }),
    succeeded: (output) =>
      void execution.record(thread, 'TaskSucceeded', 'fields', 'taskSucceededEventDetails', { ...named, output }),
    failed: (error) => failure('TaskFailed', 'taskFailedEventDetails', error),
    timedOut: (error) => failure('TaskTimedOut', 'taskTimedOutEventDetails', error),
  };
}

function functionEvents(frame: Frame, resource: string): TaskEvents {
  const { thread } = frame;
  const { execution } = thread;
  const failure = (type: string, member: string, error: StateError): void =>
    execution.recordFailure(thread, type, 'fields', member, { error: error.error, cause: error.causeText });
  return {
    scheduled: (input, timeoutInSeconds) => {
      const data = { resource, input, timeoutInSeconds };
      execution.record(thread, 'LambdaFunctionScheduled', 'fields', 'lambdaFunctionScheduledEventDetails', data);
      execution.record(thread, 'LambdaFunctionStarted');
    },
    submitted: () => undefined,
    succeeded: (output) =>
      void execution.record(thread, 'LambdaFunctionSucceeded', 'fields', 'lambdaFunctionSucceededEventDetails', {
        output,
      }),
    failed: (error) => failure('LambdaFunctionFailed', 'lambdaFunctionFailedEventDetails', error),
    timedOut: (error) => failure('LambdaFunctionTimedOut', 'lambdaFunctionTimedOutEventDetails', error),
  };
}
