import { describe, expect, it } from '@jest/globals';
import { jsonata, newRunner } from './machine-runner.ts';

interface Validation {
  readonly result: string;
  readonly diagnostics: { code: string; message: string; location?: string }[];
}

const validate = (definition: unknown): Promise<Validation> =>
  newRunner().call<Validation>('ValidateStateMachineDefinition', {
    definition: typeof definition === 'string' ? definition : JSON.stringify(definition),
  });

const pass = { Type: 'Pass', End: true };
const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Arguments: {}, End: true };
const map = (extra: object, config?: object): object =>
  jsonata('M', {
    M: {
      Type: 'Map',
      ItemProcessor: { ...(config ? { ProcessorConfig: config } : {}), StartAt: 'I', States: { I: pass } },
      End: true,
      ...extra,
    },
  });
const DISTRIBUTED = { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };

describe('ValidateStateMachineDefinition', () => {
  it('accepts what is right', async () => {
    expect(await validate(jsonata('A', { A: task }))).toEqual({ result: 'OK', diagnostics: [], truncated: false });
    expect(await validate(map({ ItemBatcher: { MaxItemsPerBatch: 2 } }, DISTRIBUTED))).toMatchObject({ result: 'OK' });
    expect(
      await validate({ StartAt: 'A', States: { A: { ...pass, QueryLanguage: 'JSONata', Output: '{% 1 %}' } } }),
    ).toMatchObject({ result: 'OK' });
  });

  it.each<[string, unknown, string, string]>([
    ['text that is no JSON', 'not a definition', 'INVALID_JSON_DESCRIPTION', ''],
    ['no object', '""', 'SCHEMA_VALIDATION_FAILED', ''],
    ['an empty object', {}, 'SCHEMA_VALIDATION_FAILED', '/'],
    ['StartAt without a state', jsonata('B', { A: pass }), 'MISSING_TRANSITION_TARGET', '/StartAt'],
    [
      'Next without a state',
      jsonata('A', { A: { Type: 'Pass', Next: 'B' } }),
      'MISSING_TRANSITION_TARGET',
      '/States/A/Next',
    ],
    ['a state that nobody reaches', jsonata('A', { A: pass, B: pass }), 'MISSING_TRANSITION_TARGET', '/States/B'],
    ['neither Next nor End', jsonata('A', { A: { Type: 'Pass' } }), 'MISSING_TRANSITION_TARGET', '/States/A'],
    ['both Next and End', jsonata('A', { A: { ...pass, Next: 'A' } }), 'SCHEMA_VALIDATION_FAILED', '/States/A'],
    ['an unknown type', jsonata('A', { A: { Type: 'Nap', End: true } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Type'],
    ['an unknown field', jsonata('A', { A: { ...pass, Outptu: 1 } }), 'SCHEMA_VALIDATION_FAILED', '/States/A/Outptu'],
    [
      'an unknown field of the machine',
      { ...jsonata('A', { A: pass }), Startat: 'A' },
      'SCHEMA_VALIDATION_FAILED',
      '/Startat',
    ],
    [
      'JSONPath fields in JSONata',
      jsonata('A', { A: { ...pass, ResultPath: '$' } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/ResultPath',
    ],
    [
      'JSONata fields in JSONPath',
      { StartAt: 'A', States: { A: { ...pass, Output: 1 } } },
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Output',
    ],
    [
      'a step back to JSONPath',
      jsonata('A', { A: { ...pass, QueryLanguage: 'JSONPath' } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A',
    ],
    [
      'a broken expression',
      jsonata('A', { A: { ...pass, Output: { x: '{% $a + %}' } } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Output/x',
    ],
    [
      'an expression without its end',
      jsonata('A', { A: { ...pass, Output: '{% $a' } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Output',
    ],
    [
      'a task without a resource',
      jsonata('A', { A: { Type: 'Task', End: true } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A',
    ],
    [
      'a resource that is none',
      jsonata('A', { A: { ...task, Resource: 'x' } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Resource',
    ],
    [
      'a heartbeat longer than the time limit',
      jsonata('A', { A: { ...task, TimeoutSeconds: 5, HeartbeatSeconds: 5 } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A',
    ],
    [
      'States.ALL beside another name',
      jsonata('A', { A: { ...task, Retry: [{ ErrorEquals: ['States.ALL', 'X'] }] } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Retry[0]/ErrorEquals',
    ],
    [
      'States.ALL before the last',
      jsonata('A', { A: { ...task, Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['X'] }] } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Retry[0]/ErrorEquals',
    ],
    [
      'a typo in Retry',
      jsonata('A', { A: { ...task, Retry: [{ ErrorEquals: ['X'], MaxAttempt: 1 }] } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Retry[0]/MaxAttempt',
    ],
    [
      'a negative interval',
      jsonata('A', { A: { ...task, Retry: [{ ErrorEquals: ['X'], IntervalSeconds: 0 }] } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Retry[0]/IntervalSeconds',
    ],
    [
      'a catcher that leads nowhere',
      jsonata('A', { A: { ...task, Catch: [{ ErrorEquals: ['X'], Next: 'Z' }] } }),
      'MISSING_TRANSITION_TARGET',
      '/States/A/Catch[0]/Next',
    ],
    [
      'no choices',
      jsonata('A', { A: { Type: 'Choice', Choices: [] } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Choices',
    ],
    [
      'a condition that is no expression',
      jsonata('A', { A: { Type: 'Choice', Choices: [{ Condition: 'x', Next: 'A' }] } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Choices[0]/Condition',
    ],
    [
      'a wait without an end',
      jsonata('A', { A: { Type: 'Wait', End: true } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/A',
    ],
    [
      'a state name used twice',
      jsonata('P', { P: { Type: 'Parallel', Branches: [{ StartAt: 'P', States: { P: pass } }], End: true } }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/P/Branches[0]/States/P',
    ],
    [
      'a bad JSONPath',
      { StartAt: 'A', States: { A: { ...pass, InputPath: '$.a[' } } },
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/InputPath',
    ],
    [
      'a bad intrinsic',
      { StartAt: 'A', States: { A: { ...pass, Parameters: { 'x.$': 'States.Nope()' } } } },
      'SCHEMA_VALIDATION_FAILED',
      '/States/A/Parameters/x.$',
    ],
    ['a reader in an inline map', map({ ItemReader: {} }), 'SCHEMA_VALIDATION_FAILED', '/States/M/ItemReader'],
    [
      'a distributed map without a type',
      map({}, { Mode: 'DISTRIBUTED' }),
      'SCHEMA_VALIDATION_FAILED',
      '/States/M/ItemProcessor/ProcessorConfig/ExecutionType',
    ],
    ['an empty batcher', map({ ItemBatcher: {} }, DISTRIBUTED), 'SCHEMA_VALIDATION_FAILED', '/States/M/ItemBatcher'],
    [
      'a name of more than 80 characters',
      jsonata('x'.repeat(81), { ['x'.repeat(81)]: pass }),
      'SCHEMA_VALIDATION_FAILED',
      `/States/${'x'.repeat(81)}`,
    ],
  ])('refuses %s', async (_what, definition, code, location) => {
    const { result, diagnostics } = await validate(definition);
    expect(result).toBe('FAIL');
    const found = diagnostics.map((diagnostic) => [diagnostic.code, diagnostic.location ?? '']);
    expect(found).toContainEqual([code, location]);
  });

  it('is what CreateStateMachine asks', async () => {
    await expect(newRunner().create(jsonata('A', { A: { Type: 'Pass', Next: 'B' } }))).rejects.toMatchObject({
      code: 'InvalidDefinition',
      message:
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: B at /States/A/Next'",
    });
  });

  it.each([
    ['JSONPath filters', { StartAt: 'A', States: { A: { ...pass, InputPath: '$.a[?(@.b > 1)]' } } }],
    ['credentials', jsonata('A', { A: { ...task, Credentials: { RoleArn: 'x' } } })],
    [
      'Parquet',
      map(
        { ItemReader: { Resource: 'arn:aws:states:::s3:getObject', ReaderConfig: { InputType: 'PARQUET' } } },
        DISTRIBUTED,
      ),
    ],
    ['activities', jsonata('A', { A: { ...task, Resource: 'arn:aws:states:eu-central-1:111122223333:activity:x' } })],
  ])('says loudly that the laptop cloud lacks %s', async (_what, definition) => {
    await expect(newRunner().create(definition)).rejects.toMatchObject({ code: 'UnsupportedFeature' });
  });
});
