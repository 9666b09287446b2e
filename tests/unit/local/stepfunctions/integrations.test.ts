import { describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../../local/kernel/errors.ts';
import { ROLE, invoke, jsonata, lambdaAnswer, lambdaError, newRunner, outputOf, seconds } from './machine-runner.ts';

const task = (resource: string, extra: object = {}): object =>
  jsonata('T', { T: { Type: 'Task', Resource: `arn:aws:states:::${resource}`, End: true, ...extra } });

const refusing =
  (code: string, message: string, statusCode = 400) =>
  (): never => {
    throw new AwsError(code, message, { statusCode });
  };

describe('lambda:invoke', () => {
  it('answers with the version, the status and the payload as JSON, called by the role of the machine', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer({ n: 2 });
    const T = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: 'f', Payload: { n: '{% $states.input.n %}' } },
      End: true,
    };
    expect(outputOf(await runner.run(jsonata('T', { T }), { n: 1 }))).toEqual({
      ExecutedVersion: '$LATEST',
      Payload: { n: 2 },
      StatusCode: 200,
    });
    const [call] = runner.cloud.calls;
    expect(call).toMatchObject({
      service: 'lambda',
      operation: 'Invoke',
      input: { FunctionName: 'f', InvocationType: 'RequestResponse' },
    });
    expect(call?.principal).toEqual({ kind: 'role', arn: ROLE, roleName: 'machine-role' });
    expect(Buffer.from(call?.input['Payload'] as Uint8Array).toString()).toBe('{"n":1}');
  });

  it('fails with the error type of the function', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaError('ModelNotFound', 'no such model');
    const ended = await runner.run(jsonata('T', { T: invoke() }));
    expect(ended).toMatchObject({
      error: 'ModelNotFound',
      cause: '{"errorType":"ModelNotFound","errorMessage":"no such model"}',
    });
  });

  it.each([
    ['TooManyRequestsException', 'Lambda.TooManyRequestsException'],
    ['ResourceNotFoundException', 'Lambda.ResourceNotFoundException'],
    ['AccessDeniedException', 'Lambda.AWSLambdaException'],
  ])('names %s of the service %s', async (code, error) => {
    const runner = newRunner();
    runner.cloud.answer = refusing(code, 'refused');
    const ended = await runner.run(jsonata('T', { T: invoke() }));
    expect(ended.error).toBe(error);
    expect(ended.cause).toMatch(/^refused \(Service: AWSLambda; Status Code: 400; Error Code: /);
  });

  it('times out in virtual time', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => runner.cloud.kernel.clock.sleep(900_000, 'slow function').then(() => lambdaAnswer(1));
    const ended = await runner.run(jsonata('T', { T: invoke({ TimeoutSeconds: 60 }) }));
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
    expect(seconds(ended)).toBe(60);
  });

  it('fails with States.DataLimitExceeded for a result that is too large', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer('x'.repeat(262_144));
    expect(await runner.run(jsonata('T', { T: invoke({ Output: 1 }) }))).toMatchObject({
      error: 'States.DataLimitExceeded',
      cause:
        "The state/task 'lambda' returned a result with a size exceeding the maximum number of bytes service limit.",
    });
  });

  it('takes the ARN of a function as the Resource', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer({ ok: true });
    const Resource = 'arn:aws:lambda:eu-central-1:111122223333:function:f';
    const ended = await runner.run(jsonata('T', { T: { Type: 'Task', Resource, End: true } }));
    expect(outputOf(ended)).toEqual({ ok: true });
    const types = (await runner.history(ended.executionArn)).map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['LambdaFunctionScheduled', 'LambdaFunctionStarted', 'LambdaFunctionSucceeded']),
    );
  });
});

describe('optimised integrations', () => {
  it('write JSON members as text for SQS, SNS and EventBridge', async () => {
    const runner = newRunner();
    runner.cloud.answer = (service) =>
      service === 'events' ? { FailedEntryCount: 0, Entries: [{ EventId: 'e' }] } : { MessageId: 'm' };
    const body = { a: '{% $states.input.a %}' };
    await runner.run(task('sqs:sendMessage', { Arguments: { QueueUrl: 'q', MessageBody: body } }), { a: 1 });
    await runner.run(task('sns:publish', { Arguments: { TopicArn: 't', Message: body } }), { a: 1 });
    const ended = await runner.run(
      task('events:putEvents', { Arguments: { Entries: [{ Source: 's', DetailType: 'd', Detail: body }] } }),
      { a: 1 },
    );
    expect(outputOf(ended)).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: 'e' }] });
    const inputs = runner.cloud.calls.map(({ input }) => input);
    expect(inputs[0]).toEqual({ QueueUrl: 'q', MessageBody: '{"a":1}' });
    expect(inputs[1]).toEqual({ TopicArn: 't', Message: '{"a":1}' });
    expect(inputs[2]?.['Entries'][0]).toEqual({
      Source: 's',
      DetailType: 'd',
      Detail: '{"a":1}',
      Resources: ['arn:aws:states:eu-central-1:111122223333:stateMachine:machine-3', ended.executionArn],
    });
  });

  it('fail when EventBridge refuses an entry', async () => {
    const runner = newRunner();
    const answer = {
      FailedEntryCount: 1,
      Entries: [{ ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' }],
    };
    runner.cloud.answer = () => answer;
    const ended = await runner.run(task('events:putEvents', { Arguments: { Entries: [{ Detail: 'x' }] } }));
    expect(ended).toMatchObject({ error: 'EventBridge.FailedEntry', cause: JSON.stringify(answer) });
  });

  it('name errors of DynamoDB', async () => {
    const runner = newRunner();
    runner.cloud.answer = refusing('ConditionalCheckFailedException', 'The conditional request failed');
    const ended = await runner.run(task('dynamodb:putItem', { Arguments: { TableName: 't', Item: {} } }));
    expect(ended.error).toBe('DynamoDB.ConditionalCheckFailedException');
    expect(runner.cloud.calls[0]).toMatchObject({ service: 'dynamodb', operation: 'PutItem' });
  });
});

describe('AWS SDK integrations', () => {
  it('write dates as ISO 8601 and bytes as text', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => ({
      CreationTime: new Date(0),
      Body: Buffer.from('hé'),
      Missing: undefined,
      Weights: [0.5],
    });
    const ended = await runner.run(task('aws-sdk:sagemaker:describeEndpoint', { Arguments: { EndpointName: 'e' } }));
    expect(outputOf(ended)).toEqual({ CreationTime: '1970-01-01T00:00:00.000Z', Body: 'hé', Weights: [0.5] });
    expect(runner.cloud.calls[0]).toMatchObject({
      service: 'sagemaker',
      operation: 'DescribeEndpoint',
      input: { EndpointName: 'e' },
    });
  });

  it('have capitals where the wire has none', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => ({ executionArn: 'a', startDate: new Date(0) });
    const ended = await runner.run(
      task('aws-sdk:sfn:startExecution', { Arguments: { StateMachineArn: 's', Input: '{}' } }),
    );
    expect(outputOf(ended)).toEqual({ ExecutionArn: 'a', StartDate: '1970-01-01T00:00:00.000Z' });
    expect(runner.cloud.calls[0]).toMatchObject({
      service: 'states',
      operation: 'StartExecution',
      input: { stateMachineArn: 's', input: '{}' },
    });
  });

  it.each([
    ['sagemaker:describeEndpoint', 'ResourceNotFound', 'SageMaker.ResourceNotFoundException'],
    ['sagemaker:updateEndpoint', 'ValidationException', 'SageMaker.SageMakerException'],
    ['sagemakerruntime:invokeEndpoint', 'ModelError', 'SageMakerRuntime.ModelErrorException'],
    ['dynamodb:getItem', 'ResourceNotFoundException', 'DynamoDb.ResourceNotFoundException'],
    ['dynamodb:getItem', 'AccessDeniedException', 'DynamoDb.DynamoDbException'],
    ['s3:listObjects', 'NoSuchBucket', 'S3.NoSuchBucketException'],
    ['sfn:startExecution', 'ExecutionAlreadyExists', 'Sfn.ExecutionAlreadyExistsException'],
    ['secretsmanager:createSecret', 'ValidationException', 'SecretsManager.SecretsManagerException'],
  ])('%s: %s arrives as %s', async (resource, code, error) => {
    const runner = newRunner();
    runner.cloud.answer = refusing(code, 'no', 404);
    const ended = await runner.run(task(`aws-sdk:${resource}`, { Arguments: {} }));
    expect(ended.error).toBe(error);
    expect(ended.cause).toMatch(/^no \(Service: \w+, Status Code: 404, Request ID: [0-9a-f-]{36}\)$/);
  });

  it('may wait for a task token', async () => {
    const runner = newRunner();
    runner.cloud.answer = async (_service, _operation, input) => {
      await runner.call('SendTaskSuccess', { taskToken: input['Item']['token']['S'], output: '7' });
      return {};
    };
    const Arguments = { TableName: 't', Item: { token: { S: '{% $states.context.Task.Token %}' } } };
    const ended = await runner.run(task('aws-sdk:dynamodb:putItem.waitForTaskToken', { Arguments, TimeoutSeconds: 9 }));
    expect(outputOf(ended)).toBe(7);
  });
});

describe('refusals', () => {
  it.each([
    'aws-sdk:rekognition:detectFaces',
    'aws-sdk:sagemaker:createTrainingJob.sync',
    'ecs:runTask.sync',
    'sagemaker:createTrainingJob.waitForTaskToken',
    'lambda:invok',
  ])('%s is refused when the machine is made', async (resource) => {
    await expect(newRunner().create(task(resource))).rejects.toMatchObject({ code: 'UnsupportedFeature' });
  });
});
