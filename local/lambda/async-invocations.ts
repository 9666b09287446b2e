/** Asynchronous invocations: Lambda's own queue, its retries, destinations and dead-letter queue. */
import { deliverTo } from '../eventbridge/targets.ts';
import { queueUrlOf } from '../eventbridge/targets.ts';
import { AwsError } from '../kernel/errors.ts';
import { rolePrincipal, type CloudContext } from '../kernel/service.ts';
import type { Executor, InvocationResult } from './execution.ts';
import type { LambdaFunction } from './functions.ts';

/** After a function error: two more tries, one and two minutes later. */
const ERROR_RETRY_DELAYS_MS = [60_000, 120_000];
/** After throttles and system errors: exponential back-off, from one second to five minutes. */
const THROTTLE_BACK_OFF_MS = { first: 1_000, longest: 300_000 };
const DEFAULT_MAXIMUM_AGE_SECONDS = 21_600;

interface QueuedEvent {
  readonly requestId: string;
  /** JSON text. */
  readonly request: string;
  readonly receivedAtMs: number;
}

interface Conclusion {
  readonly condition: 'Success' | 'RetriesExhausted' | 'EventAgeExceeded';
  readonly invokeCount: number;
  /** Absent when the function never ran. */
  readonly result: InvocationResult | undefined;
}

const parsed = (text: string): unknown => JSON.parse(text);

/** AWS's record of an asynchronous invocation, as destinations receive it. */
function destinationRecord(fn: LambdaFunction, event: QueuedEvent, conclusion: Conclusion, nowMs: number): object {
  const { condition, invokeCount, result } = conclusion;
  return {
    version: '1.0',
    timestamp: new Date(nowMs).toISOString(),
    requestContext: {
      requestId: event.requestId,
      functionArn: `${fn.arn}:$LATEST`,
      condition,
      approximateInvokeCount: invokeCount,
    },
    requestPayload: parsed(event.request),
    ...(result && {
      responseContext: {
        statusCode: 200,
        executedVersion: '$LATEST',
        ...(result.functionError && { functionError: result.functionError }),
      },
      responsePayload: parsed(result.payload),
    }),
  };
}

/** Lets only those errors pass that AWS could answer with; what the laptop cloud lacks stops the run. */
function refusedBy(error: unknown): AwsError {
  if (error instanceof AwsError && error.code !== 'UnsupportedFeature') return error;
  throw error;
}

export class AsyncInvocations {
  readonly #cloud: CloudContext;
  readonly #executor: Executor;
  readonly #isAlive: (fn: LambdaFunction) => boolean;
  readonly #random;

  constructor(cloud: CloudContext, executor: Executor, isAlive: (fn: LambdaFunction) => boolean) {
    this.#cloud = cloud;
    this.#executor = executor;
    this.#isAlive = isAlive;
    this.#random = cloud.kernel.random('lambda-async');
  }

  /** Accepts an event; it runs as soon as nothing else does. */
  accept(fn: LambdaFunction, request: string, requestId: string): void {
    this.#measure(fn, 'AsyncEventsReceived');
    const event: QueuedEvent = { requestId, request, receivedAtMs: this.#cloud.kernel.clock.now() };
    this.#cloud.kernel.spawn(`asynchronous invocation of ${fn.name}`, async () => {
      await this.#cloud.kernel.clock.sleep(0, `queued event of ${fn.name}`);
      const conclusion = await this.#process(fn, event);
      if (conclusion) await this.#conclude(fn, event, conclusion);
    });
  }

  #measure(fn: LambdaFunction, name: string): void {
    const dimensions = { FunctionName: fn.name };
    this.#cloud.recordMetric({ namespace: 'AWS/Lambda', name, dimensions, values: [1], unit: 'Count' });
  }

  /** Tries until the event succeeds or its policy is exhausted; undefined when the function was deleted meanwhile. */
  async #process(fn: LambdaFunction, event: QueuedEvent): Promise<Conclusion | undefined> {
    const { clock } = this.#cloud.kernel;
    let invokeCount = 0;
    let throttles = 0;
    for (;;) {
      if (!this.#isAlive(fn)) return undefined;
      const result = await this.#attempt(fn, event);
      let delayMs: number;
      if (result) {
        invokeCount++;
        if (!result.functionError) return { condition: 'Success', invokeCount, result };
        const retries = invokeCount - 1;
        const allowed = fn.eventInvoke?.maximumRetryAttempts ?? ERROR_RETRY_DELAYS_MS.length;
        if (retries >= allowed) return { condition: 'RetriesExhausted', invokeCount, result };
        delayMs = ERROR_RETRY_DELAYS_MS[retries]!;
      } else {
        const ceiling = Math.min(
          THROTTLE_BACK_OFF_MS.longest,
          THROTTLE_BACK_OFF_MS.first * 2 ** Math.min(throttles++, 20),
        );
        delayMs = Math.round(ceiling * (0.5 + this.#random.next() / 2));
      }
      const maximumAgeMs = (fn.eventInvoke?.maximumEventAgeSeconds ?? DEFAULT_MAXIMUM_AGE_SECONDS) * 1000;
      if (clock.now() + delayMs - event.receivedAtMs > maximumAgeMs) {
        return { condition: 'EventAgeExceeded', invokeCount, result };
      }
      await clock.sleep(delayMs, `retry of an event of ${fn.name}`);
    }
  }

  /** Undefined when the event was throttled. */
  async #attempt(fn: LambdaFunction, event: QueuedEvent): Promise<InvocationResult | undefined> {
    try {
      return await this.#executor.invoke(fn, event.request, event.requestId);
    } catch (error) {
      const refusal = refusedBy(error);
      if (refusal.statusCode === 429 || refusal.statusCode >= 500) return undefined;
      throw error;
    }
  }

  async #conclude(fn: LambdaFunction, event: QueuedEvent, conclusion: Conclusion): Promise<void> {
    const succeeded = conclusion.condition === 'Success';
    const destinations = fn.eventInvoke?.destinations;
    const destination = (succeeded ? destinations?.OnSuccess : destinations?.OnFailure)?.Destination;
    if (!succeeded) {
      this.#cloud.kernel.trace(`lambda ${fn.name} ${event.requestId} given up: ${conclusion.condition}`);
      this.#measure(fn, 'AsyncEventsDropped');
      if (fn.deadLetterArn !== undefined) await this.#deadLetter(fn, fn.deadLetterArn, event, conclusion);
    }
    if (destination !== undefined) await this.#send(fn, destination, event, conclusion);
  }

  async #send(fn: LambdaFunction, destination: string, event: QueuedEvent, conclusion: Conclusion): Promise<void> {
    const record = destinationRecord(fn, event, conclusion, this.#cloud.kernel.clock.now());
    const outcome = conclusion.condition === 'Success' ? 'Success' : 'Failure';
    try {
      await deliverTo(this.#cloud, {
        arn: destination,
        roleArn: fn.roleArn,
        payload: JSON.stringify(record),
        deliveryId: event.requestId,
        eventBridgeParameters: { Source: 'lambda', DetailType: `Lambda Function Invocation Result - ${outcome}` },
      });
    } catch (error) {
      const refusal = refusedBy(error);
      this.#cloud.kernel.trace(`lambda ${fn.name} destination ${destination} refused: ${refusal.message}`);
      this.#measure(fn, 'DestinationDeliveryFailures');
    }
  }

  async #deadLetter(fn: LambdaFunction, arn: string, event: QueuedEvent, { result }: Conclusion): Promise<void> {
    const error = result
      ? String((parsed(result.payload) as { errorMessage?: unknown }).errorMessage)
      : 'Rate Exceeded.';
    const attributes = {
      RequestID: { DataType: 'String', StringValue: event.requestId },
      ErrorCode: { DataType: 'Number', StringValue: result ? '200' : '429' },
      ErrorMessage: { DataType: 'String', StringValue: error.slice(0, 1024) },
    };
    const role = rolePrincipal(fn.roleArn);
    try {
      if (arn.split(':')[2] === 'sns') {
        const message = { TopicArn: arn, Message: event.request, MessageAttributes: attributes };
        await this.#cloud.call('sns', 'Publish', message, role);
      } else {
        const message = { QueueUrl: queueUrlOf(arn), MessageBody: event.request, MessageAttributes: attributes };
        await this.#cloud.call('sqs', 'SendMessage', message, role);
      }
    } catch (thrown) {
      const refusal = refusedBy(thrown);
      this.#cloud.kernel.trace(`lambda ${fn.name} dead-letter queue ${arn} refused: ${refusal.message}`);
      this.#measure(fn, 'DeadLetterErrors');
    }
  }
}
