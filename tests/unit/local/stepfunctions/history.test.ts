import { describe, expect, it } from '@jest/globals';
import { ROLE, invoke, jsonata, lambdaAnswer, newRunner } from './machine-runner.ts';

describe('GetExecutionHistory', () => {
  it('tells what AWS tells about a task, in shape and order', async () => {
    const runner = newRunner();
    runner.cloud.answer = () => lambdaAnswer({ ok: true });
    const ended = await runner.run(jsonata('Do Work', { 'Do Work': invoke({ TimeoutSeconds: 60 }) }), { a: 1 });
    const notTruncated = { truncated: false };
    const timestamp = new Date(Date.UTC(2026, 0, 5));
    const output = '{"ExecutedVersion":"$LATEST","Payload":{"ok":true},"StatusCode":200}';
    expect(await runner.history(ended.executionArn)).toEqual([
      {
        id: 1,
        previousEventId: 0,
        timestamp,
        type: 'ExecutionStarted',
        executionStartedEventDetails: { input: '{"a":1}', inputDetails: notTruncated, roleArn: ROLE },
      },
      {
        id: 2,
        previousEventId: 0,
        timestamp,
        type: 'TaskStateEntered',
        stateEnteredEventDetails: { name: 'Do Work', input: '{"a":1}', inputDetails: notTruncated },
      },
      {
        id: 3,
        previousEventId: 2,
        timestamp,
        type: 'TaskScheduled',
        taskScheduledEventDetails: {
          resourceType: 'lambda',
          resource: 'invoke',
          region: 'eu-central-1',
          parameters: '{"FunctionName":"work","Payload":{"a":1}}',
          timeoutInSeconds: 60,
        },
      },
      {
        id: 4,
        previousEventId: 3,
        timestamp,
        type: 'TaskStarted',
        taskStartedEventDetails: { resourceType: 'lambda', resource: 'invoke' },
      },
      {
        id: 5,
        previousEventId: 4,
        timestamp,
        type: 'TaskSucceeded',
        taskSucceededEventDetails: { resourceType: 'lambda', resource: 'invoke', output, outputDetails: notTruncated },
      },
      {
        id: 6,
        previousEventId: 5,
        timestamp,
        type: 'TaskStateExited',
        stateExitedEventDetails: { name: 'Do Work', output: '{"ok":true}', outputDetails: notTruncated },
      },
      {
        id: 7,
        previousEventId: 6,
        timestamp,
        type: 'ExecutionSucceeded',
        executionSucceededEventDetails: { output: '{"ok":true}', outputDetails: notTruncated },
      },
    ]);
  });

  it('pages, in both directions, and leaves data out on demand', async () => {
    const runner = newRunner();
    const { executionArn } = await runner.run(
      jsonata('A', { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', End: true } }),
    );
    const ids: number[] = [];
    let nextToken: string | undefined;
    do {
      const request = { executionArn, maxResults: 4, reverseOrder: true, ...(nextToken ? { nextToken } : {}) };
      const page = await runner.call<{ events: { id: number }[]; nextToken?: string }>('GetExecutionHistory', request);
      ids.push(...page.events.map(({ id }) => id));
      nextToken = page.nextToken;
    } while (nextToken);
    expect(ids).toEqual([6, 5, 4, 3, 2, 1]);
    const { events } = await runner.call<{ events: object[] }>('GetExecutionHistory', {
      executionArn,
      includeExecutionData: false,
    });
    expect(events[1]).toMatchObject({ stateEnteredEventDetails: { name: 'A', inputDetails: { truncated: false } } });
    expect(JSON.stringify(events)).not.toContain('"input":');
    const broken = { executionArn, nextToken: 'zzz' };
    await expect(runner.call('GetExecutionHistory', broken)).rejects.toMatchObject({ code: 'InvalidToken' });
  });

  it('has only event types that AWS documents', async () => {
    const runner = newRunner();
    const ended = await runner.run(
      jsonata('P', {
        P: {
          Type: 'Parallel',
          Branches: [
            {
              StartAt: 'M',
              States: {
                M: {
                  Type: 'Map',
                  Items: [1],
                  ItemProcessor: { StartAt: 'I', States: { I: { Type: 'Wait', Seconds: 1, End: true } } },
                  End: true,
                },
              },
            },
          ],
          Next: 'C',
        },
        C: { Type: 'Choice', Choices: [{ Condition: '{% true %}', Next: 'F' }] },
        F: { Type: 'Fail', Error: 'E' },
      }),
    );
    expect((await runner.history(ended.executionArn)).map(({ type }) => type)).toEqual([
      'ExecutionStarted',
      'ParallelStateEntered',
      'ParallelStateStarted',
      'MapStateEntered',
      'MapStateStarted',
      'MapIterationStarted',
      'WaitStateEntered',
      'WaitStateExited',
      'MapIterationSucceeded',
      'MapStateSucceeded',
      'MapStateExited',
      'ParallelStateSucceeded',
      'ParallelStateExited',
      'ChoiceStateEntered',
      'ChoiceStateExited',
      'FailStateEntered',
      'ExecutionFailed',
    ]);
  });
});
