/** Producers and consumers agree: which rules take which events, and whether the functions behind them understand. */
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { alarmStateChange } from '../../events/aws/alarm-state-change.ts';
import { endpointStateChange } from '../../events/aws/endpoint-state-change.ts';
import { modelPackageStateChange } from '../../events/aws/model-package-state-change.ts';
import { eventCatalog } from '../../events/catalog.ts';
import { SOURCE } from '../../events/contract.ts';
import { alarmEvent, endpointEvent, packageEvent } from './aws-samples.ts';
import { rulesOf } from './rules.ts';

const RULES = rulesOf('dev');
/** Takes what no other rule may: see 'an event that no contract knows'. */
const UNKNOWN = RULES.find(({ name }) => name === 'UnknownEventRule')!;
const OWN = RULES.filter(({ bus, name }) => bus === 'own' && name !== UNKNOWN.name);
const AWS = RULES.filter(({ bus, detailTypes }) => bus === 'default' && detailTypes.length > 0);
const takenBy = (event: unknown): string[] => AWS.filter(({ matches }) => matches(event)).map(({ name }) => name);

const example = (detailType: string): Record<string, unknown> => ({
  version: '0',
  id: 'a1',
  source: SOURCE,
  'detail-type': detailType,
  account: '111122223333',
  region: 'eu-central-1',
  resources: [],
  time: '2026-01-05T02:00:00Z',
  detail: eventCatalog.find((contract) => contract.detailType === detailType)!.example,
});

describe('rules', () => {
  it('are there', () => {
    expect(OWN.length).toBeGreaterThanOrEqual(6);
    expect(AWS.length).toBeGreaterThanOrEqual(4);
    expect(RULES.flatMap(({ rooms }) => rooms).length).toBe(RULES.length);
  });

  it('ask for detail-types that somebody publishes', () => {
    const ours = eventCatalog.map(({ detailType }) => detailType);
    const theirs = [
      'SageMaker Endpoint State Change',
      'SageMaker Model Package State Change',
      'CloudWatch Alarm State Change',
    ];
    expect(OWN.flatMap(({ detailTypes }) => detailTypes).filter((name) => !ours.includes(name))).toEqual([]);
    expect(AWS.flatMap(({ detailTypes }) => detailTypes).filter((name) => !theirs.includes(name))).toEqual([]);
  });

  it.each(eventCatalog.map(({ detailType }) => detailType))('take %s exactly where it is asked for', (detailType) => {
    const event = example(detailType);
    const taking = OWN.filter(({ matches }) => matches(event)).map(({ name }) => name);
    expect(taking).toEqual(OWN.filter(({ detailTypes }) => detailTypes.includes(detailType)).map(({ name }) => name));
    expect(OWN.filter(({ matches }) => matches({ ...event, source: 'somebody.else' }))).toEqual([]);
    expect(takenBy(event)).toEqual([]);
  });
});

describe('an event that no contract knows', () => {
  it.each(eventCatalog.map(({ detailType }) => detailType))('is not %s', (detailType) => {
    expect(UNKNOWN.matches(example(detailType))).toBe(false);
  });

  it.each([
    ['of an unknown type', { 'detail-type': 'nonsense.v1' }],
    ['of a version to come', { 'detail-type': 'rollout.ended.v2' }],
    ['of a stranger', { source: 'somebody.else' }],
  ])('%s goes to refuse-event, and nowhere else', (_what, change) => {
    const event = { ...example('rollout.ended.v1'), ...change };
    expect(RULES.filter(({ matches }) => matches(event)).map(({ name }) => name)).toEqual([UNKNOWN.name]);
  });

  it('is refused by name', async () => {
    const { newHandler } = (await import('../../functions/refuse-event/handler.ts')) as unknown as {
      newHandler: (deps: object) => (event: unknown, context: object) => Promise<unknown>;
    };
    const telemetry = { logger: { error: () => undefined }, count: () => undefined, flush: () => undefined };
    const handler = newHandler({ telemetry });
    await expect(handler({ ...example('rollout.ended.v1'), 'detail-type': 'nonsense.v1' }, {})).rejects.toMatchObject({
      name: 'UnknownEvent',
      message: expect.stringContaining('"nonsense.v1"'),
    });
  });
});

describe("AWS's events", () => {
  it.each<[what: string, event: object, rules: readonly string[]]>([
    ['a version registered as pending', packageEvent({}), ['VersionRegisteredRule']],
    ['a version whose image is still being scanned', packageEvent({ status: 'InProgress' }), []],
    ['an edit of a pending version', packageEvent({ updatedFields: ['CustomerMetadataProperties'] }), []],
    ['a pending version put back to pending', packageEvent({ updatedFields: ['ModelApprovalStatus'] }), []],
    [
      'an approval',
      packageEvent({ approval: 'Approved', updatedFields: ['ModelApprovalStatus'] }),
      ['VersionDecidedRule'],
    ],
    [
      'an approval with a remark',
      packageEvent({ approval: 'Approved', updatedFields: ['ApprovalDescription', 'ModelApprovalStatus'] }),
      ['VersionDecidedRule'],
    ],
    [
      'a rejection',
      packageEvent({ approval: 'Rejected', updatedFields: ['ModelApprovalStatus'] }),
      ['VersionDecidedRule'],
    ],
    ['an edit of an approved version', packageEvent({ approval: 'Approved', updatedFields: ['ModelLifeCycle'] }), []],
    ['a version registered as approved, past all gates', packageEvent({ approval: 'Approved' }), []],
    ['a version of another stage', packageEvent({ group: 'prod-demand-forecast' }), []],
    ['an endpoint at rest', endpointEvent({}), ['EndpointChangedRule']],
    ['an endpoint at rest, as the API spells it', endpointEvent({ status: 'InService' }), ['EndpointChangedRule']],
    ['a failed endpoint', endpointEvent({ status: 'FAILED' }), ['EndpointChangedRule']],
    ['a failed endpoint, as the API spells it', endpointEvent({ status: 'Failed' }), ['EndpointChangedRule']],
    ['a staging endpoint', endpointEvent({ endpoint: 'dev-demand-forecast-staging' }), ['EndpointChangedRule']],
    ['an endpoint under way', endpointEvent({ status: 'UPDATING' }), []],
    ['an endpoint that rolls back', endpointEvent({ status: 'ROLLING_BACK' }), []],
    ['an endpoint of another stage', endpointEvent({ endpoint: 'prod-demand-forecast' }), []],
    ["a guard's alarm", alarmEvent({}), ['GuardAlarmRule']],
    [
      'a composite alarm of ours',
      alarmEvent({
        alarmName: 'switchyard-dev-demand-forecast-any',
        triggering: ['switchyard-dev-demand-forecast-green-latency'],
      }),
      ['GuardAlarmRule'],
    ],
    ["a guard's all-clear", alarmEvent({ value: 'OK' }), []],
    ['a guard without data', alarmEvent({ value: 'INSUFFICIENT_DATA' }), []],
    ['an alarm of our own operation', alarmEvent({ alarmName: 'switchyard-ops-dev-events-dlq' }), []],
    ["another stage's alarm", alarmEvent({ alarmName: 'switchyard-prod-demand-forecast-green-latency' }), []],
    ["somebody else's alarm", alarmEvent({ alarmName: 'billing' }), []],
  ])('%s', (_what, event, rules) => {
    expect(takenBy(event)).toEqual(rules);
  });

  it.each<[schema: z.ZodMiniType, what: string, events: readonly object[]]>([
    [endpointStateChange, 'endpoints', [endpointEvent({}), endpointEvent({ status: 'InService' })]],
    [
      modelPackageStateChange,
      'versions',
      [
        packageEvent({}),
        packageEvent({ approval: 'Approved', updatedFields: ['ModelApprovalStatus'] }),
        packageEvent({ approval: 'Rejected' }),
      ],
    ],
    [
      alarmStateChange,
      'alarms',
      [alarmEvent({}), alarmEvent({ value: 'INSUFFICIENT_DATA' }), alarmEvent({ triggering: ['a'] })],
    ],
  ])('are understood, and others refused: %# %s', (schema, _what, events) => {
    for (const event of events) {
      expect(z.safeParse(schema, event).error?.issues).toBeUndefined();
      expect(z.safeParse(schema, { ...event, source: 'aws.else' }).success).toBe(false);
      expect(z.safeParse(schema, { ...event, detail: {} }).success).toBe(false);
    }
  });
});

/** A room's handler with nothing behind it: it can tell what it does not understand, and do nothing else. */
class NothingBehind extends Error {
  override readonly name = 'NothingBehind';
}

interface Behind {
  readonly touched: string[];
  readonly handler: (event: unknown, context: object) => Promise<unknown>;
}

async function handlerOf(room: string): Promise<Behind> {
  const { newHandler } = (await import(path.resolve(import.meta.dirname, `../../functions/${room}/handler.ts`))) as {
    newHandler: (deps: unknown) => Behind['handler'];
  };
  const touched: string[] = [];
  const telemetry = { logger: { error: () => undefined }, count: () => undefined, flush: () => undefined };
  const deps = new Proxy(
    {},
    {
      get: (_target, member) => {
        if (member === 'telemetry') return telemetry;
        touched.push(String(member));
        throw new NothingBehind(String(member));
      },
    },
  );
  return { touched, handler: newHandler(deps) };
}

describe('the functions behind the rules', () => {
  const samples: [string, string, Record<string, unknown>][] = [
    ...OWN.flatMap(({ rooms, detailTypes }) =>
      detailTypes.map((type): [string, string, Record<string, unknown>] => [rooms[0]!, type, example(type)]),
    ),
    ['settle-change', 'SageMaker Endpoint State Change', { ...endpointEvent({}) }],
    ['start-release', 'SageMaker Model Package State Change', { ...packageEvent({}) }],
    ['record-approval', 'SageMaker Model Package State Change', { ...packageEvent({ approval: 'Approved' }) }],
    ['handle-guard-alarm', 'CloudWatch Alarm State Change', { ...alarmEvent({}) }],
  ];
  const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 30_000 };

  it.each(samples)('%s understands %s', async (room, _type, event) => {
    const { handler, touched } = await handlerOf(room);
    await expect(handler(event, context)).rejects.toMatchObject({ name: 'NothingBehind' });
    expect(touched).not.toEqual([]);
  });

  it.each(samples)('%s refuses another %s by name, and touches nothing', async (room, _type, event) => {
    const detail = event['detail'] as Record<string, unknown>;
    const wrong = Object.keys(detail).map((field) => ({ ...event, detail: { ...detail, [field]: [1] } }));
    const unknown = [{ ...event, 'detail-type': 'rollout.forgotten.v1' }, { ...event, source: 'nobody' }, {}, null];
    const { handler, touched } = await handlerOf(room);
    for (const bad of unknown) await expect(handler(bad, context)).rejects.toMatchObject({ name: 'InvalidEvent' });
    const names = await Promise.all(wrong.map((bad) => handler(bad, context).catch((error: Error) => error.name)));
    expect(names).toContain('InvalidEvent');
    if (event['source'] === SOURCE) expect(touched).toEqual([]);
  });

  it('are behind every rule', () => {
    const behind = new Set(samples.map(([room]) => room));
    const ruled = [...OWN, ...AWS].flatMap(({ rooms }) => rooms);
    expect([...behind].sort()).toEqual([...new Set(ruled)].sort());
  });
});
