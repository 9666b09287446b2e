/** The story of every invocation, and the environment that a function starts from. */
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { readEnvironment } from '../../../../shared/runtime/environment.ts';
import { newParsedHandler } from '../../../../shared/runtime/handler.ts';
import { type Telemetry } from '../../../../shared/runtime/telemetry.ts';

interface Line {
  readonly message: string;
  readonly about: Record<string, unknown>;
}

/** Telemetry that writes down what it is told. */
function recordingTelemetry() {
  const counted: { metric: string; about: unknown }[] = [];
  const logged: Line[] = [];
  let flushes = 0;
  const telemetry = {
    logger: { error: (message: string, about: Record<string, unknown>) => logged.push({ message, about }) },
    count: (metric: string, about: unknown) => counted.push({ metric, about }),
    flush: () => {
      flushes += 1;
    },
  } as unknown as Telemetry;
  return { telemetry, counted, logged, flushes: () => flushes };
}

const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 12_345 } as never;
const input = z.object({ model: z.string(), step: z.int() });

describe('an invocation', () => {
  it('gets parsed input and the context, and returns what the use case returns', async () => {
    const { telemetry, counted, flushes } = recordingTelemetry();
    const handler = newParsedHandler(telemetry, { input }, async ({ model, step }, invocation) => ({
      text: `${model} ${step}`,
      leftMs: invocation.getRemainingTimeInMillis(),
    }));
    expect(await handler({ model: 'm', step: 2, extra: true }, context)).toEqual({ text: 'm 2', leftMs: 12_345 });
    expect(counted).toEqual([]);
    expect(flushes()).toBe(1);
  });

  it.each([
    ['a field of the wrong type', { model: 'm', step: 'two' }, /^step: .*Got {"model":"m","step":"two"}\./],
    ['a missing field', { step: 1 }, /^model: .*Got {"step":1}\./],
    ['several wrong fields', {}, /^model: .*; step: /],
    ['no object at all', null, /^the event: .*Got null\./],
  ])('with %s is refused before anything is done', async (_name, event, message) => {
    const { telemetry, counted, logged, flushes } = recordingTelemetry();
    let ran = false;
    const handler = newParsedHandler(telemetry, { input }, async () => {
      ran = true;
    });
    const refusal = Promise.resolve(handler(event, context));
    await expect(refusal).rejects.toMatchObject({ name: 'InvalidEvent' });
    await expect(refusal).rejects.toThrow(message);
    await expect(refusal).rejects.toThrow('Send what the contract in events/ or schema.ts says.');
    expect(ran).toBe(false);
    expect(counted).toEqual([{ metric: 'Refused', about: { errorName: 'InvalidEvent' } }]);
    expect(logged).toEqual([
      { message: 'invocation failed', about: expect.objectContaining({ errorName: 'InvalidEvent' }) },
    ]);
    expect(flushes()).toBe(1);
  });

  it('does not flood the log with what it was sent', async () => {
    const { telemetry, logged } = recordingTelemetry();
    const handler = newParsedHandler(telemetry, { input }, async () => undefined);
    await expect(Promise.resolve(handler({ model: 'x'.repeat(100_000) }, context))).rejects.toThrow(/x{400}.*\.\.\./);
    expect(JSON.stringify(logged).length).toBeLessThan(3_000);
  });

  it('lets errors out by their names, counted and logged once', async () => {
    const { telemetry, counted, logged } = recordingTelemetry();
    const handler = newParsedHandler(telemetry, { input }, async () => {
      throw Object.assign(new Error('busy'), { name: 'EndpointBusy' });
    });
    await expect(Promise.resolve(handler({ model: 'm', step: 1 }, context))).rejects.toMatchObject({
      name: 'EndpointBusy',
      message: 'busy',
    });
    expect(counted).toEqual([{ metric: 'Refused', about: { errorName: 'EndpointBusy' } }]);
    expect(logged).toHaveLength(1);
  });

  it('does not let out what its contract forbids: it is the input of the next state', async () => {
    const { telemetry, counted } = recordingTelemetry();
    const output = z.object({ changeId: z.string() });
    const run = async (): Promise<{ changeId: string }> => ({ changeId: 7 }) as never;
    const handler = newParsedHandler(telemetry, { input, output }, run);
    await expect(Promise.resolve(handler({ model: 'm', step: 1 }, context))).rejects.toBeInstanceOf(Error);
    expect(counted).toHaveLength(1);
  });

  it('passes on only what its contract names', async () => {
    const { telemetry } = recordingTelemetry();
    const output = z.object({ changeId: z.string() });
    const run = async () => ({ changeId: 'change-1', token: 'secret' });
    const handler = newParsedHandler(telemetry, { input, output }, run);
    expect(await handler({ model: 'm', step: 1 }, context)).toEqual({ changeId: 'change-1' });
  });
});

describe('the environment', () => {
  const schema = z.object({ STAGE: z.string(), RECORDS_TABLE: z.string().check(z.minLength(1)) });

  it('is read once, typed', () => {
    expect(readEnvironment(schema, { STAGE: 'dev', RECORDS_TABLE: 't', PATH: '/bin' })).toEqual({
      STAGE: 'dev',
      RECORDS_TABLE: 't',
    });
  });

  it('names each variable that is missing or malformed', () => {
    expect(() => readEnvironment(schema, { STAGE: 'dev' })).toThrow(
      expect.objectContaining({
        name: 'InvalidEnvironment',
        message: expect.stringMatching(/RECORDS_TABLE .*Set them in the function's function\.yml\./),
      }),
    );
    expect(() => readEnvironment(schema, { RECORDS_TABLE: '' })).toThrow(/STAGE .*RECORDS_TABLE/);
  });
});
