import { describe, expect, it } from '@jest/globals';
import {
  type Runner,
  jsonata,
  lambdaAnswer,
  newRunner,
  outputOf,
  payloadOf,
  seconds,
  waitForToken,
} from './machine-runner.ts';

async function waiting(runner: Runner, extra: object = {}): Promise<{ arn: string; token: string }> {
  runner.cloud.answer = () => lambdaAnswer(null);
  const arn = await runner.start(jsonata('Ask', { Ask: waitForToken(extra), No: { Type: 'Succeed' } }));
  await runner.cloud.kernel.quiesce();
  return { arn, token: payloadOf(runner.cloud, 0)['token'] as string };
}

// 'No' is reachable only in machines with a Catch.
const CATCH = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'No' }] };

describe('task tokens', () => {
  it('resume with the output that SendTaskSuccess gives', async () => {
    const runner = newRunner();
    const { arn, token } = await waiting(runner, CATCH);
    expect(token.length).toBeGreaterThan(200);
    await runner.cloud.kernel.runFor(60_000);
    await runner.call('SendTaskSuccess', { taskToken: token, output: '{"approved":true}' });
    await runner.cloud.kernel.quiesce();
    const ended = await runner.describe(arn);
    expect(outputOf(ended)).toEqual({ approved: true });
    expect(seconds(ended)).toBe(60);
    const types = (await runner.history(arn)).map(({ type }) => type);
    expect(types.slice(2, 6)).toEqual(['TaskScheduled', 'TaskStarted', 'TaskSubmitted', 'TaskSucceeded']);
  });

  it('fail with the error and cause of SendTaskFailure', async () => {
    const runner = newRunner();
    const { arn, token } = await waiting(runner, CATCH);
    await runner.call('SendTaskFailure', { taskToken: token, error: 'Rejected', cause: 'no' });
    await runner.cloud.kernel.quiesce();
    expect(outputOf(await runner.describe(arn))).toEqual({ Error: 'Rejected', Cause: 'no' });
  });

  it('can be used once', async () => {
    const runner = newRunner();
    const { token } = await waiting(runner, CATCH);
    await runner.call('SendTaskSuccess', { taskToken: token, output: '1' });
    for (const operation of ['SendTaskSuccess', 'SendTaskFailure', 'SendTaskHeartbeat']) {
      await expect(runner.call(operation, { taskToken: token, output: '2' })).rejects.toMatchObject({
        code: 'TaskTimedOut',
      });
    }
  });

  it('refuse what is no token, and output that is no JSON', async () => {
    const runner = newRunner();
    const { arn, token } = await waiting(runner, CATCH);
    const strange = { taskToken: 'AAAA', output: '1' };
    await expect(runner.call('SendTaskSuccess', strange)).rejects.toMatchObject({ code: 'InvalidToken' });
    const other = newRunner(99);
    await expect(other.call('SendTaskSuccess', { taskToken: token, output: '1' })).rejects.toMatchObject({
      code: 'TaskDoesNotExist',
    });
    const broken = { taskToken: token, output: '{' };
    await expect(runner.call('SendTaskSuccess', broken)).rejects.toMatchObject({ code: 'InvalidOutput' });
    expect((await runner.describe(arn)).status).toBe('RUNNING');
  });

  it('expire with TimeoutSeconds', async () => {
    const runner = newRunner();
    const { arn, token } = await waiting(runner, { TimeoutSeconds: '{% 60 * 10 %}', ...CATCH });
    await runner.cloud.kernel.runFor(599_999);
    expect((await runner.describe(arn)).status).toBe('RUNNING');
    await runner.cloud.kernel.runFor(1);
    expect(outputOf(await runner.describe(arn))).toEqual({ Error: 'States.Timeout', Cause: '' });
    await expect(runner.call('SendTaskSuccess', { taskToken: token, output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
    const events = await runner.history(arn);
    expect(events.find(({ type }) => type === 'TaskTimedOut')?.['taskTimedOutEventDetails']).toEqual({
      resourceType: 'lambda',
      resource: 'invoke.waitForTaskToken',
      error: 'States.Timeout',
    });
  });

  it('expire without a heartbeat, and live on with one', async () => {
    const runner = newRunner();
    const Catch = [{ ErrorEquals: ['States.HeartbeatTimeout'], Next: 'No' }];
    const { arn, token } = await waiting(runner, { HeartbeatSeconds: 100, Catch });
    for (let i = 0; i < 5; i++) {
      await runner.cloud.kernel.runFor(90_000);
      await runner.call('SendTaskHeartbeat', { taskToken: token });
    }
    await runner.cloud.kernel.runFor(99_999);
    expect((await runner.describe(arn)).status).toBe('RUNNING');
    await runner.cloud.kernel.runFor(1);
    const ended = await runner.describe(arn);
    expect(outputOf(ended)).toMatchObject({ Error: 'States.Timeout' });
    expect(seconds(ended)).toBe(550);
  });

  it('differ from attempt to attempt', async () => {
    const runner = newRunner();
    const Retry = [{ ErrorEquals: ['Again'], IntervalSeconds: 5 }];
    const { token } = await waiting(runner, { Retry, ...CATCH });
    await runner.call('SendTaskFailure', { taskToken: token, error: 'Again' });
    await runner.cloud.kernel.runFor(5000);
    const second = payloadOf(runner.cloud, 1)['token'];
    expect(second).not.toBe(token);
    await expect(runner.call('SendTaskSuccess', { taskToken: token, output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
  });

  it('may be answered from within the call that hands them out', async () => {
    const runner = newRunner();
    runner.cloud.answer = async (_service, _operation, input) => {
      const { token } = JSON.parse(Buffer.from(input['Payload'] as Uint8Array).toString()) as { token: string };
      await runner.call('SendTaskSuccess', { taskToken: token, output: '"early"' });
      return lambdaAnswer(null);
    };
    expect(outputOf(await runner.run(jsonata('Ask', { Ask: waitForToken() })))).toBe('early');
  });

  it('die with their execution', async () => {
    const runner = newRunner();
    const { arn, token } = await waiting(runner, CATCH);
    await runner.call('StopExecution', { executionArn: arn, error: 'Abort', cause: 'by hand' });
    await runner.cloud.kernel.quiesce();
    expect(await runner.describe(arn)).toMatchObject({ status: 'ABORTED', error: 'Abort', cause: 'by hand' });
    await expect(runner.call('SendTaskSuccess', { taskToken: token, output: '1' })).rejects.toMatchObject({
      code: 'TaskTimedOut',
    });
  });
});
