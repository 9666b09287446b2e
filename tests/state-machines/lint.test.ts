/** Every definition keeps the lint rules and is valid ASL; and for every rule there is a definition that breaks it. */
import { createRequire } from 'node:module';
import { describe, expect, it } from '@jest/globals';
import {
  type Definition,
  definitionOf,
  definitionText,
  domainErrorNames,
  MACHINES,
  type State,
  substituted,
  substitutionsOf,
} from './definitions.ts';
import { LINT_RULES, type LintContext } from './lint.ts';

interface Verdict {
  readonly isValid: boolean;
  readonly errorsText: () => string;
}
const validate = createRequire(import.meta.url)('asl-validator') as (definition: unknown) => Verdict;

const RULES = Object.values(LINT_RULES);
const functionArn = (token: string): string => `arn:aws:lambda:eu-central-1:111122223333:function:${token}`;

const contextOf = (machine: string): LintContext => ({
  definition: definitionOf(machine),
  substitutions: Object.keys(substitutionsOf(machine)),
  errorNames: domainErrorNames(),
});

describe.each(MACHINES)('%s', (machine) => {
  it.each(RULES)('$name', (rule) => {
    expect(rule.check(contextOf(machine))).toEqual([]);
  });

  it('is valid ASL', () => {
    // The validator writes into its argument.
    const verdict = validate(structuredClone(substituted(definitionOf(machine), functionArn)));
    expect(verdict.isValid ? '' : verdict.errorsText()).toBe('');
  });

  it('is a Standard workflow that ends by itself, and says what it is for', () => {
    const definition = definitionOf(machine);
    expect(definition.TimeoutSeconds).toEqual(expect.any(Number));
    expect(definition.Comment?.length ?? 0).toBeGreaterThan(20);
    expect(definitionText(machine)).toMatch(/^# .*/);
  });

  it('gets from the template what its tokens say', () => {
    for (const [token, value] of Object.entries(substitutionsOf(machine))) {
      const subject = token.replace(/Arn$/, '');
      expect([`${subject}LambdaFunction.Arn`, `${subject}Machine`]).toContain(value);
    }
  });
});

it('knows the errors of the domain', () => {
  expect([...domainErrorNames()]).toEqual(expect.arrayContaining(['EndpointBusy', 'LeaseHeld', 'SignalAlreadyThere']));
});

describe('a broken definition', () => {
  const task: State = {
    Type: 'Task',
    Resource: 'arn:aws:states:::lambda:invoke',
    Arguments: { FunctionName: '${WorkArn}', Payload: { model: '{% $states.input.model %}' } },
    TimeoutSeconds: 60,
    Retry: [
      {
        ErrorEquals: [
          'Lambda.ServiceException',
          'Lambda.AWSLambdaException',
          'Lambda.SdkClientException',
          'Lambda.TooManyRequestsException',
        ],
        IntervalSeconds: 2,
        BackoffRate: 2,
        MaxDelaySeconds: 60,
        JitterStrategy: 'FULL',
      },
    ],
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Work Failed' }],
    End: true,
  };
  const failed: State = { Type: 'Fail', Error: 'WorkFailed', Cause: 'it failed' };

  const context = (states: Record<string, State>, more: Partial<LintContext> = {}): LintContext => ({
    definition: { QueryLanguage: 'JSONata', StartAt: Object.keys(states)[0]!, States: states },
    substitutions: ['WorkArn'],
    errorNames: new Set(['LeaseHeld']),
    ...more,
  });
  const machine = (work: Partial<State>, others: Record<string, State> = {}): LintContext =>
    context({ Work: { ...task, ...work }, ...others, 'Work Failed': failed });
  const without = (...fields: string[]): State =>
    Object.fromEntries(Object.entries(task).filter(([field]) => !fields.includes(field))) as State;
  const waiting = {
    ...task,
    Resource: `${task['Resource'] as string}.waitForTaskToken`,
    Arguments: { FunctionName: '${WorkArn}', Payload: { token: '{% $states.context.Task.Token %}' } },
  };
  const withoutLanguage = { StartAt: 'Work', States: machine({}).definition.States } as Definition;

  it('is preceded by a sound one', () => {
    const lawful = [machine({}), context({ Work: waiting, 'Work Failed': failed })];
    for (const each of lawful) expect(RULES.flatMap((rule) => rule.check(each))).toEqual([]);
  });

  it.each<[rule: keyof typeof LINT_RULES, says: string, LintContext]>([
    ['resources', 'no integration', machine({ Resource: 'arn:aws:states:::lambda:invok' })],
    ['resources', 'no integration', machine({ Resource: 'arn:aws:states:::aws-sdk:sagemakr:describeEndpoint' })],
    [
      'resources',
      'no integration',
      machine({ Resource: 'arn:aws:states:::sagemaker:createTrainingJob.waitForTaskToken' }),
    ],
    ['taskTokens', 'never passes', context({ Work: { ...waiting, Arguments: { FunctionName: '${WorkArn}' } } })],
    ['taskTokens', 'up to a year', context({ Work: { ...without('TimeoutSeconds'), Resource: waiting.Resource } })],
    ['taskTokens', 'not below', context({ Work: { ...waiting, HeartbeatSeconds: 60 } })],
    ['tasksAreGuarded', 'no TimeoutSeconds', context({ Work: without('TimeoutSeconds'), 'Work Failed': failed })],
    ['tasksAreGuarded', 'no Retry', context({ Work: without('Retry'), 'Work Failed': failed })],
    ['tasksAreGuarded', 'name the errors', machine({ Retry: [{ ErrorEquals: ['States.ALL'] }] })],
    ['tasksAreGuarded', 'transient errors of Lambda', machine({ Retry: [{ ErrorEquals: ['LeaseHeld'] }] })],
    [
      'tasksAreGuarded',
      'without jitter',
      machine({ Retry: [{ ErrorEquals: (task['Retry'] as { ErrorEquals: string[] }[])[0]!.ErrorEquals }] }),
    ],
    ['tasksAreGuarded', 'no Catch', machine({ Catch: [{ ErrorEquals: ['LeaseHeld'], Next: 'Work Failed' }] })],
    [
      'tasksAreGuarded',
      'not alone and last',
      machine({
        Catch: [
          { ErrorEquals: ['States.ALL'], Next: 'Work Failed' },
          { ErrorEquals: ['LeaseHeld'], Next: 'Work Failed' },
        ],
      }),
    ],
    [
      'tasksAreGuarded',
      'not alone and last',
      machine({ Catch: [{ ErrorEquals: ['LeaseHeld', 'States.ALL'], Next: 'Work Failed' }] }),
    ],
    ['tokens', 'no substitution', machine({ Arguments: { FunctionName: '${OtherArn}', Payload: '${WorkArn}' } })],
    ['tokens', 'never used', { ...machine({}), substitutions: ['WorkArn', 'SpareArn'] }],
    ['tokens', 'not a token', machine({ Arguments: { FunctionName: '${WorkArn}', Payload: "{% '${a b}' %}" } })],
    ['tokens', 'never a number', machine({ TimeoutSeconds: '${WorkArn}' })],
    ['wiring', 'no such state', machine({ Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Nowhere' }] })],
    ['wiring', 'nothing leads here', machine({}, { 'Left Over': failed })],
    ['wiring', 'Title Case', context({ 'do work': { ...task } })],
    ['wiring', 'longer than', context({ [`W${'o'.repeat(80)}rk`]: { ...task } })],
    ['wiring', 'a question', context({ Worked: { Type: 'Choice', Choices: [], Default: 'Worked' } })],
    [
      'wiring',
      'there twice',
      context({ Work: { Type: 'Parallel', Branches: [{ StartAt: 'Work', States: { Work: failed } }], End: true } }),
    ],
    ['jsonataOnly', 'QueryLanguage', { ...machine({}), definition: withoutLanguage }],
    ['jsonataOnly', 'belongs to JSONPath', machine({ ResultPath: null })],
    ['jsonataOnly', 'belongs to JSONPath', machine({ Arguments: { 'model.$': 'x' } })],
    ['jsonataOnly', 'a JSONPath', machine({ Arguments: { model: '$.model' } })],
    ['jsonataOnly', 'no $eval', machine({ Arguments: { model: "{% $eval('1') %}" } })],
    [
      'jsonataOnly',
      'literal ARN',
      machine({ Arguments: { FunctionName: 'arn:aws:lambda:eu-central-1:1:function:x' } }),
    ],
    ['jsonataOnly', 'account id', machine({ Arguments: { bucket: 'data-111122223333' } })],
    ['jsonataOnly', 'the whole text', machine({ Arguments: { model: 'model {% $states.input.model %}' } })],
    ['jsonataOnly', 'Unexpected end', machine({ Arguments: { model: '{% $states.input. %}' } })],
    ['ends', 'no Default', context({ 'Done?': { Type: 'Choice', Choices: [] } })],
    ['ends', 'no Cause', context({ Work: { Type: 'Fail', Error: 'WorkFailed' } })],
    [
      'ends',
      'tolerated failures',
      context({
        Work: {
          Type: 'Map',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            StartAt: 'End',
            States: { End: { Type: 'Succeed' } },
          },
        },
      }),
    ],
    [
      'polls',
      'a poll',
      context({
        Work: { ...task, Next: 'Wait' },
        Wait: { Type: 'Wait', Seconds: 30, Next: 'Work' },
        'Work Failed': failed,
      }),
    ],
    ['errorNames', 'nobody throws', machine({ Catch: [{ ErrorEquals: ['LeaseHold'], Next: 'Work Failed' }] })],
    ['errorNames', 'nobody throws', machine({ Retry: [{ ErrorEquals: ['States.Timout'] }] })],
  ])('is caught by %s: %s', (rule, says, broken) => {
    expect(LINT_RULES[rule].check(broken).join('\n')).toContain(says);
  });

  it('may wait in a circle as a safety net with a bound', () => {
    const net = { Type: 'Wait', Seconds: 300, Next: 'Work', Comment: 'Safety net: at most 12 times round.' };
    expect(LINT_RULES.polls.check(context({ Work: { ...task, Next: 'Look Again' }, 'Look Again': net }))).toEqual([]);
  });

  it('is caught by the validator as well', () => {
    expect(validate(structuredClone(machine({ Resorce: 'x' }).definition)).isValid).toBe(false);
  });
});
