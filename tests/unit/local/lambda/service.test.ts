import { describe, expect, it, test } from '@jest/globals';
import {
  drain,
  functionArn,
  newConnectedCloud,
  queueArn,
  queueUrl,
  roleArn,
  type ConnectedCloud,
  type Handler,
} from '../eventbridge/connected-cloud.ts';

const MINUTE = 60_000;

async function withFunction(handler: Handler, more: object = {}): Promise<ConnectedCloud> {
  const cloud = newConnectedCloud();
  cloud.handlers.f = handler;
  await cloud.do('lambda', 'CreateFunction', {
    FunctionName: 'f',
    Role: roleArn('f'),
    Handler: 'main.handler',
    Runtime: 'nodejs22.x',
    Code: { ZipFile: 'x' },
    ...more,
  });
  return cloud;
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));
const text = (answer: { Payload: Uint8Array }): unknown => JSON.parse(Buffer.from(answer.Payload).toString());
const invoke = (cloud: ConnectedCloud, payload: unknown = {}, more: object = {}) =>
  cloud.do('lambda', 'Invoke', { FunctionName: 'f', Payload: bytes(payload), ...more });
const fire = (cloud: ConnectedCloud, payload: unknown = {}) => invoke(cloud, payload, { InvocationType: 'Event' });

const metric = (cloud: ConnectedCloud, name: string): number =>
  cloud.metrics
    .filter((data) => data.namespace === 'AWS/Lambda' && data.name === name)
    .reduce((sum, { values }) => sum + values[0]!, 0);

/** Times of each try since the beginning, in ms, and a handler that notes them. */
function recorder(
  cloud: () => ConnectedCloud,
  outcome: (attempt: number) => unknown,
): { times: number[]; handler: Handler } {
  const times: number[] = [];
  const handler: Handler = async () => {
    times.push(cloud().kernel.clock.now());
    return outcome(times.length);
  };
  return { times, handler };
}

describe('an invocation', () => {
  it('answers with what the handler returns', async () => {
    const cloud = await withFunction(async (event: { a: number }, context) => ({
      sum: event.a + 1,
      name: context.functionName,
      left: context.getRemainingTimeInMillis(),
    }));
    const answer = await invoke(cloud, { a: 1 });
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: '$LATEST', FunctionError: undefined });
    expect(text(answer)).toEqual({ sum: 2, name: 'f', left: 3000 });
    expect(cloud.lambda.invocations('f')).toBe(1);
    expect(cloud.lambda.invocations()).toBe(1);
  });

  it('answers null for nothing, and {} for an empty request', async () => {
    const cloud = await withFunction(async (event) => (JSON.stringify(event) === '{}' ? undefined : 'request'));
    expect(text(await cloud.do('lambda', 'Invoke', { FunctionName: functionArn('f') }))).toBeNull();
  });

  it("carries the handler's error as Unhandled", async () => {
    class OutOfStock extends Error {
      override readonly name = 'OutOfStock';
    }
    const cloud = await withFunction(async () => {
      throw new OutOfStock('no 7');
    });
    const answer = await invoke(cloud);
    expect(answer).toMatchObject({ StatusCode: 200, FunctionError: 'Unhandled' });
    expect(text(answer)).toMatchObject({ errorType: 'OutOfStock', errorMessage: 'no 7' });
    expect((text(answer) as { trace: string[] }).trace[0]).toBe('OutOfStock: no 7');
    expect([metric(cloud, 'Invocations'), metric(cloud, 'Errors')]).toEqual([1, 1]);
  });

  it('times out at its limit, and the next one gets a new container', async () => {
    let calls = 0;
    const cloud = await withFunction(async (_event, context) => {
      if (++calls > 1) return 'fresh';
      await cloud.kernel.clock.sleep(context.getRemainingTimeInMillis() - 500, 'work');
      expect(context.getRemainingTimeInMillis()).toBe(500);
      await cloud.kernel.clock.sleep(MINUTE, 'work');
      return 'too late';
    });
    const answer = await invoke(cloud);
    const { errorType, errorMessage } = text(answer) as { errorType: string; errorMessage: string };
    expect(answer.FunctionError).toBe('Unhandled');
    expect(errorType).toBe('Sandbox.Timedout');
    expect(errorMessage).toMatch(/^2026-01-05T00:00:03\.\d{3}Z request-\d+ Task timed out after 3\.00 seconds$/);
    expect(text(await invoke(cloud))).toBe('fresh');
    expect(cloud.coldStarts).toEqual(['f', 'f']);
    await cloud.kernel.runFor(2 * MINUTE);
    expect(metric(cloud, 'Errors')).toBe(1);
  });

  it('writes START, END, REPORT and the console lines to its log group, and returns their tail', async () => {
    const cloud = await withFunction(async () => 1);
    const answer = await invoke(cloud, {}, { LogType: 'Tail' });
    expect(cloud.logs.map(({ message }) => message.split(/[\t:]/)[0])).toEqual([
      'init of f',
      'START RequestId',
      'END RequestId',
      'REPORT RequestId',
    ]);
    expect(cloud.logs[0]).toMatchObject({
      logGroup: '/aws/lambda/f',
      logStream: expect.stringMatching(/^2026\/01\/05\/\[\$LATEST\][0-9a-f]{32}$/) as unknown,
    });
    expect(cloud.logs[3]!.message).toMatch(
      /Duration: 0\.00 ms\tBilled Duration: \d+ ms\tMemory Size: 128 MB\tInit Duration: \d+\.00 ms/,
    );
    expect(Buffer.from(answer.LogResult, 'base64').toString()).toContain('REPORT RequestId');
  });

  test.each([
    ['an unknown function', { FunctionName: 'g' }, 'ResourceNotFoundException', 404],
    ['another version', { FunctionName: 'f', Qualifier: '7' }, 'ResourceNotFoundException', 404],
    ['no JSON', { Payload: Buffer.from('{') }, 'InvalidRequestContentException', 400],
    [
      'an event of more than 1 MB',
      { InvocationType: 'Event', Payload: Buffer.from(`"${'x'.repeat(1_048_600)}"`) },
      'RequestTooLargeException',
      413,
    ],
    ['an unknown type', { InvocationType: 'Later' }, 'InvalidParameterValueException', 400],
  ])('is refused for %s', async (_name, input, code, statusCode) => {
    const cloud = await withFunction(async () => 1);
    await expect(cloud.do('lambda', 'Invoke', { FunctionName: 'f', ...input })).rejects.toMatchObject({
      code,
      statusCode,
    });
  });

  it('as a dry run does nothing', async () => {
    const cloud = await withFunction(async () => 1);
    expect(await invoke(cloud, {}, { InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
    expect(cloud.lambda.invocations()).toBe(0);
  });

  it('of a container that does not start is a function error', async () => {
    const cloud = await withFunction(async () => 1);
    delete cloud.handlers.f;
    expect(text(await invoke(cloud))).toMatchObject({
      errorType: 'Runtime.ImportModuleError',
      errorMessage: 'no such module',
    });
  });
});

describe('containers', () => {
  it('serve one invocation at a time, and are used again, the most recent first', async () => {
    const cloud = await withFunction(async (event: { ms: number }, context) => {
      await cloud.kernel.clock.sleep(event.ms, 'work');
      return context.logStreamName;
    });
    const both = [100, 200].map(
      (ms) =>
        cloud.call('lambda', 'Invoke', { FunctionName: 'f', Payload: bytes({ ms }) }, { kind: 'root' }) as Promise<{
          Payload: Uint8Array;
        }>,
    );
    const [first, second] = await cloud.kernel.settle(Promise.all(both));
    expect(cloud.coldStarts).toHaveLength(2);
    expect(text(first!)).not.toBe(text(second!));
    const recent = await invoke(cloud, { ms: 1 });
    expect(cloud.coldStarts).toHaveLength(2);
    expect([text(first!), text(second!)]).toContain(text(recent));
    expect(text(await invoke(cloud, { ms: 1 }))).toBe(text(recent));
  });

  it('are replaced when the configuration changes', async () => {
    const cloud = await withFunction(async (_event, context) => context.memoryLimitInMB);
    await invoke(cloud);
    await cloud.do('lambda', 'UpdateFunctionConfiguration', {
      FunctionName: 'f',
      MemorySize: 512,
      Environment: { Variables: { MODE: 'x' } },
    });
    expect(text(await invoke(cloud))).toBe('512');
    expect(cloud.coldStarts).toHaveLength(2);
  });

  it('are limited by reserved concurrency', async () => {
    const cloud = await withFunction(async () => cloud.kernel.clock.sleep(1000, 'work'));
    await cloud.do('lambda', 'PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 1 });
    const busy = cloud.call('lambda', 'Invoke', { FunctionName: 'f' }, { kind: 'root' }) as Promise<unknown>;
    await expect(invoke(cloud)).rejects.toMatchObject({
      code: 'TooManyRequestsException',
      statusCode: 429,
      fields: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
    });
    await cloud.kernel.settle(busy);
    expect(metric(cloud, 'Throttles')).toBe(1);
    expect(metric(cloud, 'Invocations')).toBe(1);
  });
});

describe('an asynchronous invocation', () => {
  it('is tried again after one and two minutes, and then given up', async () => {
    const { times, handler } = recorder(
      () => cloud,
      () => Promise.reject(new Error('broken')),
    );
    const cloud = await withFunction(handler);
    expect(await fire(cloud, { n: 1 })).toMatchObject({ StatusCode: 202 });
    await cloud.kernel.runFor(60 * MINUTE);
    expect(times.slice(1).map((time, index) => time - times[index]!)).toEqual([MINUTE, 2 * MINUTE]);
    expect(metric(cloud, 'AsyncEventsDropped')).toBe(1);
  });

  it('keeps its request id over the tries', async () => {
    const ids: string[] = [];
    const cloud = await withFunction(async (_event, { awsRequestId }) => {
      ids.push(awsRequestId);
      throw new Error('broken');
    });
    await fire(cloud);
    await cloud.kernel.runFor(60 * MINUTE);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it("leaves AWS's record at its destinations", async () => {
    const cloud = await withFunction(async (event: { fail: boolean }) => {
      if (event.fail) throw new Error('broken');
      return 'done';
    });
    for (const QueueName of ['bad', 'good']) await cloud.do('sqs', 'CreateQueue', { QueueName });
    await cloud.do('lambda', 'PutFunctionEventInvokeConfig', {
      FunctionName: 'f',
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: queueArn('bad') }, OnSuccess: { Destination: queueArn('good') } },
    });
    await fire(cloud, { fail: true });
    await fire(cloud, { fail: false });
    await cloud.kernel.runFor(60 * MINUTE);
    const record = (message: { Body: string }): unknown => JSON.parse(message.Body);
    const [bad] = await drain(cloud, 'bad');
    expect(record(bad)).toMatchObject({
      version: '1.0',
      requestContext: {
        functionArn: `${functionArn('f')}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 2,
      },
      requestPayload: { fail: true },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: 'broken' },
    });
    const [good] = await drain(cloud, 'good');
    expect(record(good)).toMatchObject({
      requestContext: { condition: 'Success', approximateInvokeCount: 1 },
      responsePayload: 'done',
    });
    const sent = cloud.calls.find(({ operation }) => operation === 'SendMessage');
    expect(sent?.principal).toMatchObject({ kind: 'role', roleName: 'f' });
  });

  it('goes to the dead-letter queue as it came', async () => {
    const cloud = await withFunction(
      async () => {
        throw new Error('broken');
      },
      { DeadLetterConfig: { TargetArn: queueArn('dead') } },
    );
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'dead' });
    await fire(cloud, { n: 1 });
    await cloud.kernel.runFor(60 * MINUTE);
    const [message] = await drain(cloud, 'dead');
    expect(message.Body).toBe('{"n":1}');
    expect(message.MessageAttributes).toMatchObject({
      ErrorCode: { StringValue: '200' },
      ErrorMessage: { StringValue: 'broken' },
    });
  });

  it('that is throttled waits from one second to five minutes, up to its age limit', async () => {
    const cloud = await withFunction(async () => 1);
    await cloud.do('lambda', 'PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 0 });
    await cloud.do('lambda', 'PutFunctionEventInvokeConfig', { FunctionName: 'f', MaximumEventAgeInSeconds: 3600 });
    await fire(cloud);
    await cloud.kernel.runFor(30 * MINUTE);
    await cloud.do('lambda', 'DeleteFunctionConcurrency', { FunctionName: 'f' });
    const throttles = metric(cloud, 'Throttles');
    expect(throttles).toBeGreaterThan(10);
    expect(throttles).toBeLessThan(25);
    await cloud.kernel.runFor(5 * MINUTE);
    expect(cloud.lambda.invocations('f')).toBe(1);

    await cloud.do('lambda', 'PutFunctionConcurrency', { FunctionName: 'f', ReservedConcurrentExecutions: 0 });
    await fire(cloud);
    await cloud.kernel.runFor(61 * MINUTE);
    expect(metric(cloud, 'AsyncEventsDropped')).toBe(1);
    expect(cloud.lambda.invocations('f')).toBe(1);
  });
});

describe('a resource policy', () => {
  const RULE = 'arn:aws:events:eu-central-1:111122223333:rule/r';
  const principal = { kind: 'service' as const, name: 'events.amazonaws.com', sourceArn: RULE };

  it('lets a service invoke, for its source alone', async () => {
    const cloud = await withFunction(async () => 1);
    const asRule = (): Promise<unknown> => cloud.do('lambda', 'Invoke', { FunctionName: 'f' }, principal);
    await expect(asRule()).rejects.toMatchObject({ code: 'AccessDeniedException', statusCode: 403 });
    const grant = {
      FunctionName: 'f',
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: RULE,
    };
    await cloud.do('lambda', 'AddPermission', grant);
    await expect(asRule()).resolves.toMatchObject({ StatusCode: 200 });
    await expect(
      cloud.do('lambda', 'Invoke', { FunctionName: 'f' }, { ...principal, sourceArn: `${RULE}2` } as typeof principal),
    ).rejects.toThrow('not authorized');
    await expect(cloud.do('lambda', 'AddPermission', grant)).rejects.toMatchObject({
      code: 'ResourceConflictException',
    });
    expect(
      JSON.parse((await cloud.do('lambda', 'GetPolicy', { FunctionName: 'f' })).Policy).Statement[0],
    ).toMatchObject({
      Sid: 's',
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnLike: { 'AWS:SourceArn': RULE } },
    });
    await cloud.do('lambda', 'RemovePermission', { FunctionName: 'f', StatementId: 's' });
    await expect(asRule()).rejects.toThrow('not authorized');
    await expect(cloud.do('lambda', 'GetPolicy', { FunctionName: 'f' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });
});

describe('an event source mapping', () => {
  async function withMapping(handler: Handler, more: object = {}, queue: object = {}): Promise<ConnectedCloud> {
    const cloud = await withFunction(handler);
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'work', Attributes: { VisibilityTimeout: '60', ...queue } });
    await cloud.do('lambda', 'CreateEventSourceMapping', {
      FunctionName: 'f',
      EventSourceArn: queueArn('work'),
      ...more,
    });
    return cloud;
  }
  const send = async (cloud: ConnectedCloud, ...bodies: string[]): Promise<void> => {
    const Entries = bodies.map((MessageBody, index) => ({ Id: String(index), MessageBody }));
    await cloud.do('sqs', 'SendMessageBatch', { QueueUrl: queueUrl('work'), Entries });
  };
  type Batch = {
    Records: { messageId: string; body: string; eventSourceARN: string; attributes: Record<string, string> }[];
  };
  const left = async (cloud: ConnectedCloud): Promise<string> => {
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'];
    const { Attributes } = await cloud.do('sqs', 'GetQueueAttributes', { QueueUrl: queueUrl('work'), AttributeNames });
    return `${Attributes.ApproximateNumberOfMessages}+${Attributes.ApproximateNumberOfMessagesNotVisible}`;
  };

  it('hands batches to the function and deletes what succeeded', async () => {
    const batches: Batch[] = [];
    const cloud = await withMapping(async (event: Batch) => void batches.push(event), { BatchSize: 2 });
    await send(cloud, 'a', 'b', 'c');
    await cloud.kernel.runFor(10_000);
    // Two batches run side by side, so that the faster cold start comes first.
    expect(batches.map(({ Records }) => Records.map(({ body }) => body).join()).sort()).toEqual(['a,b', 'c']);
    expect(batches[0]!.Records[0]).toMatchObject({
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn('work'),
      attributes: { ApproximateReceiveCount: '1' },
    });
    expect(await left(cloud)).toBe('0+0');
  });

  it('gives failed batches back after the visibility timeout, to the dead-letter queue in the end', async () => {
    const cloud = await withFunction(async () => {
      throw new Error('broken');
    });
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'dead' });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 3 });
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'work', Attributes: { VisibilityTimeout: '60', RedrivePolicy } });
    await cloud.do('lambda', 'CreateEventSourceMapping', { FunctionName: 'f', EventSourceArn: queueArn('work') });
    await send(cloud, 'poison');
    await cloud.kernel.runFor(10 * MINUTE);
    expect(cloud.lambda.invocations('f')).toBe(3);
    expect((await drain(cloud, 'dead')).map(({ Body }) => Body as string)).toEqual(['poison']);
  });

  it('deletes all but the reported failures', async () => {
    const seen: string[] = [];
    const cloud = await withMapping(
      async ({ Records }: Batch) => {
        seen.push(Records.map(({ body }) => body).join());
        return {
          batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({
            itemIdentifier: messageId,
          })),
        };
      },
      { FunctionResponseTypes: ['ReportBatchItemFailures'] },
    );
    await send(cloud, 'good', 'bad', 'fine');
    await cloud.kernel.runFor(90_000);
    expect(seen).toEqual(['good,bad,fine', 'bad']);
    expect(await left(cloud)).toBe('0+1');
  });

  it('takes a malformed report as a failure of the whole batch', async () => {
    const cloud = await withMapping(async () => ({ batchItemFailures: [{ itemIdentifier: '' }] }), {
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    });
    await send(cloud, 'a');
    await cloud.kernel.runFor(10_000);
    expect(await left(cloud)).toBe('0+1');
  });

  it('filters by body and deletes what no filter wants', async () => {
    const bodies: string[] = [];
    const cloud = await withMapping(
      async ({ Records }: Batch) => void bodies.push(...Records.map(({ body }) => body)),
      {
        FilterCriteria: { Filters: [{ Pattern: '{"body":{"kind":["alarm"]}}' }] },
      },
    );
    await send(cloud, '{"kind":"alarm"}', '{"kind":"noise"}', 'text');
    await cloud.kernel.runFor(10_000);
    expect(bodies).toEqual(['{"kind":"alarm"}']);
    expect(await left(cloud)).toBe('0+0');
  });

  it('stops when it is deleted or disabled, and goes on when it is enabled', async () => {
    const cloud = await withMapping(async () => 1);
    const { EventSourceMappings } = await cloud.do('lambda', 'ListEventSourceMappings', { FunctionName: 'f' });
    const { UUID } = EventSourceMappings[0];
    await cloud.do('lambda', 'UpdateEventSourceMapping', { UUID, Enabled: false });
    await send(cloud, 'a');
    await cloud.kernel.runFor(MINUTE);
    expect(cloud.lambda.invocations()).toBe(0);
    await cloud.do('lambda', 'UpdateEventSourceMapping', { UUID, Enabled: true });
    await cloud.kernel.runFor(MINUTE);
    expect(cloud.lambda.invocations()).toBe(1);
    await cloud.do('lambda', 'DeleteEventSourceMapping', { UUID });
    await send(cloud, 'b');
    await cloud.kernel.runFor(MINUTE);
    expect(cloud.lambda.invocations()).toBe(1);
  });

  it('refuses a queue whose visibility timeout is shorter than the function may take', async () => {
    const cloud = await withFunction(async () => 1, { Timeout: 120 });
    await cloud.do('sqs', 'CreateQueue', { QueueName: 'work' });
    await expect(
      cloud.do('lambda', 'CreateEventSourceMapping', { FunctionName: 'f', EventSourceArn: queueArn('work') }),
    ).rejects.toThrow('Queue visibility timeout: 30 seconds is less than Function timeout: 120 seconds');
  });
});

describe('functions', () => {
  it('are described as they were made', async () => {
    const cloud = await withFunction(async () => 1, {
      Timeout: 30,
      MemorySize: 256,
      Environment: { Variables: { TABLE: 't' } },
    });
    expect(await cloud.do('lambda', 'GetFunctionConfiguration', { FunctionName: 'f' })).toMatchObject({
      FunctionArn: functionArn('f'),
      Handler: 'main.handler',
      Role: roleArn('f'),
      Timeout: 30,
      MemorySize: 256,
      Environment: { Variables: { TABLE: 't' } },
      State: 'Active',
      LastModified: '2026-01-05T00:00:00.000+0000',
    });
    expect((await cloud.do('lambda', 'ListFunctions', {})).Functions).toHaveLength(1);
    await expect(withFunction(async () => 1, { Timeout: 901 })).rejects.toThrow("'timeout' is 901");
    await expect(withFunction(async () => 1, { Layers: ['arn'] })).rejects.toThrow('UnsupportedFeature');
    await cloud.do('lambda', 'DeleteFunction', { FunctionName: 'f' });
    await expect(invoke(cloud)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  it('name the IAM actions and resources of each call', () => {
    const { lambda } = newConnectedCloud();
    expect(lambda.access('Invoke', { FunctionName: 'f' })).toEqual([
      { action: 'lambda:InvokeFunction', resource: functionArn('f') },
    ]);
    expect(lambda.access('CreateFunction', { FunctionName: 'f', Role: roleArn('f') })[1]).toEqual({
      action: 'iam:PassRole',
      resource: roleArn('f'),
      conditionKeys: { 'iam:PassedToService': 'lambda.amazonaws.com' },
    });
  });

  it('have a route for each operation', () => {
    const { lambda } = newConnectedCloud();
    expect(lambda.routes?.map(({ operation }) => operation).sort()).toEqual(Object.keys(lambda.operations).sort());
  });
});
