/** Nothing that is sent gets lost in silence: rules, retries, dead-letter queues, asynchronous invocations, alarms. */
import { describe, expect, it } from '@jest/globals';
import { packagedTemplate, type Template } from '../support/packaged-template.ts';
import { at, resourcesOf, rolesThatMay, statements, target, textOf } from './reading.ts';

const template = packagedTemplate();
const rules = resourcesOf(template, 'AWS::Events::Rule');
const schedules = resourcesOf(template, 'AWS::Scheduler::Schedule');
const functions = resourcesOf(template, 'AWS::Lambda::Function');
const invocations = resourcesOf(template, 'AWS::Lambda::EventInvokeConfig');
const queues = resourcesOf(template, 'AWS::SQS::Queue');
const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');

interface Target {
  readonly from: string;
  readonly to: string;
  readonly properties: Readonly<Record<string, unknown>>;
}

const targets: Target[] = [
  ...rules.flatMap(({ id, Properties }) =>
    (Properties['Targets'] as Record<string, unknown>[]).map((properties) => ({ from: id, properties })),
  ),
  ...schedules.map(({ id, Properties }) => ({ from: id, properties: Properties['Target'] as Record<string, unknown> })),
].map(({ from, properties }) => ({ from, properties, to: target(properties['Arn'])! }));

describe.each(targets.map((each) => [each.from, each] as const))('%s', (_from, { from, to, properties }) => {
  it('retries for a stated time, and keeps what it could not deliver', () => {
    const { MaximumRetryAttempts, MaximumEventAgeInSeconds } = properties['RetryPolicy'] as Record<string, number>;
    // Zero retries are a choice, but no one of ours; the ranges are EventBridge's.
    expect(MaximumRetryAttempts).toBeGreaterThanOrEqual(1);
    expect(MaximumRetryAttempts).toBeLessThanOrEqual(185);
    expect(MaximumEventAgeInSeconds).toBeGreaterThanOrEqual(60);
    expect(MaximumEventAgeInSeconds).toBeLessThanOrEqual(86_400);
    expect(target(at(properties['DeadLetterConfig'], 'Arn'))).toBe('EventsDlq');
  });

  it('may reach its function', () => {
    if (template.Resources[from]!.Type === 'AWS::Scheduler::Schedule') {
      const role = target(properties['RoleArn'])!;
      const may = statements(template).filter((each) => each.role === role);
      expect(may.map(({ actions, resources }) => [actions, resources])).toEqual([
        [['lambda:InvokeFunction'], [`${to}.Arn`]],
        [['sqs:SendMessage'], ['EventsDlq.Arn']],
      ]);
      return;
    }
    const permission = resourcesOf(template, 'AWS::Lambda::Permission').find(
      ({ Properties }) => target(Properties['SourceArn']) === from,
    );
    expect(permission?.Properties).toMatchObject({
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
    });
    expect(target(permission?.Properties['FunctionName'])).toBe(to);
  });
});

describe('asynchronous invocations', () => {
  /** Rules and schedules invoke asynchronously; the dead man's schedules are made at run time. */
  const asynchronous = [...new Set([...targets.map(({ to }) => to), 'FireDeadManLambdaFunction'])].sort();

  it('keep what their function refused', () => {
    expect(asynchronous.length).toBeGreaterThanOrEqual(13);
    expect(invocations.map(({ Properties }) => target(Properties['FunctionName'])).sort()).toEqual(asynchronous);
    for (const { Properties } of invocations) {
      expect(Properties).toMatchObject({
        Qualifier: '$LATEST',
        MaximumRetryAttempts: expect.any(Number),
        MaximumEventAgeInSeconds: expect.any(Number),
      });
      expect(target(at(Properties['DestinationConfig'], 'OnFailure', 'Destination'))).toBe('EventsDlq');
    }
  });

  it('let their functions write to that queue', () => {
    const writers = statements(template)
      .filter(({ actions, resources }) => actions.includes('sqs:SendMessage') && resources.includes('EventsDlq.Arn'))
      .map(({ role }) => role);
    const roles = asynchronous.map((id) => target(template.Resources[id]!.Properties['Role'])!);
    expect(writers).toEqual(expect.arrayContaining(roles));
  });
});

describe('queues', () => {
  it('let EventBridge in where it delivers', () => {
    const policies = resourcesOf(template, 'AWS::SQS::QueuePolicy').filter(({ Properties }) =>
      (Properties['Queues'] as unknown[]).some((queue) => target(queue) === 'EventsDlq'),
    );
    const granted = policies.flatMap(({ Properties }) => at(Properties, 'PolicyDocument', 'Statement'));
    expect(granted).toEqual([
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: { 'Fn::GetAtt': ['EventsDlq', 'Arn'] },
        // Only rules of this account: a queue open to events.amazonaws.com is open to everybody's rules.
        Condition: { ArnLike: { 'aws:SourceArn': { 'Fn::Sub': expect.stringContaining('${AWS::AccountId}:rule/') } } },
      }),
    ]);
  });

  it('keep messages for a fortnight, encrypted', () => {
    expect(queues.length).toBeGreaterThanOrEqual(2);
    for (const { Properties } of queues)
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
  });

  it.each(queues.map(({ id }) => id))('%s is read by a function, or rings when something lies in it', (id) => {
    const readers = statements(template).filter(
      ({ actions, resources }) => actions.includes('sqs:ReceiveMessage') && resources.includes(`${id}.Arn`),
    );
    const ringing = alarms.filter(
      ({ Properties }) =>
        Properties['MetricName'] === 'ApproximateNumberOfMessagesVisible' &&
        (Properties['Dimensions'] as { Value: unknown }[]).some(({ Value }) => target(Value) === id) &&
        ((Properties['AlarmActions'] as unknown[] | undefined) ?? []).length > 0,
    );
    expect(readers.length + ringing.length).toBeGreaterThan(0);
  });
});

describe('tasks of state machines', () => {
  const machines = resourcesOf(template, 'AWS::StepFunctions::StateMachine');
  interface Task {
    readonly Type: string;
    readonly Resource?: string;
    readonly TimeoutSeconds?: unknown;
    readonly Arguments?: { readonly FunctionName?: string };
  }

  /** A state that gives up before its function does leaves a function at work that nobody waits for. */
  it.each(machines.map(({ id, Properties }) => [id, Properties] as const))(
    '%s outlast their functions',
    (_id, machine) => {
      const states = at(machine, 'Definition', 'States') as Record<string, Task>;
      const tasks = Object.entries(states).filter(([, { Resource }]) => Resource === 'arn:aws:states:::lambda:invoke');
      expect(tasks.length).toBeGreaterThan(3);
      const impatient = tasks.filter(([, { Arguments, TimeoutSeconds }]) => {
        const token = Arguments!.FunctionName!.slice(2, -1);
        const id = target(at(machine, 'DefinitionSubstitutions', token))!;
        return !(Number(TimeoutSeconds) > Number(template.Resources[id]!.Properties['Timeout']));
      });
      expect(impatient.map(([name]) => name)).toEqual([]);
    },
  );

  it('leave task tokens out of the logs, and are traced', () => {
    for (const { Properties } of machines) {
      expect(Properties['LoggingConfiguration']).toMatchObject({ Level: 'ALL', IncludeExecutionData: false });
      expect(Properties['TracingConfiguration']).toEqual({ Enabled: true });
      expect(Properties['StateMachineType']).toBe('STANDARD');
    }
  });
});

describe('functions', () => {
  it('are there, and each is in the template once', () => {
    const names = functions.map(({ Properties }) => textOf(Properties['FunctionName']));
    expect(new Set(names).size).toBe(names.length);
  });

  it('that only one of may act at a time do not exist: what is doubled finds the first', () => {
    // Reserved concurrency would throttle a rollback behind a look.
    for (const { Properties } of functions) expect(Properties['ReservedConcurrentExecutions']).toBeUndefined();
  });
});

describe('a template with holes', () => {
  const broken: Template = {
    Resources: {
      WriterRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          Policies: [
            {
              PolicyDocument: {
                Statement: { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: { 'Fn::GetAtt': 'Dlq.Arn' } },
              },
            },
          ],
        },
      },
    },
  };

  it('is read as it is, short forms too', () => {
    expect(rolesThatMay(broken, 'sqs:SendMessage')).toEqual(['WriterRole']);
    expect(rolesThatMay(broken, 'sqs:ReceiveMessage')).toEqual([]);
    expect(statements(broken)[0]!.resources).toEqual(['Dlq.Arn']);
  });
});
