/** The catalog: the committed one can be used, and each kind of wrong value is refused with path, value and remedy. */
import { describe, expect, it } from '@jest/globals';
import { alarmMap, guardAlarms } from '../../../../shared/catalog/alarms.ts';
import { assertCatalog, catalogProblems, newCatalog, rolloutMinutes } from '../../../../shared/catalog/catalog.ts';
import {
  type BatchModel,
  type ModelDefinition,
  type RealTimeModel,
} from '../../../../shared/catalog/model-definition.ts';
import { models } from '../../../../shared/catalog/models.ts';
import { endpointName, packageGroupName, pipelineName, stagingEndpointName } from '../../../../shared/catalog/names.ts';
import { type RolloutPolicy } from '../../../../shared/domain/rollout/policy.ts';

const demand = newCatalog().realTime('demand-forecast');
const churn = newCatalog().model('churn-prediction') as BatchModel;
const real = (changed: Partial<RealTimeModel>): ModelDefinition => ({ ...demand, ...changed });
const batch = (changed: Partial<BatchModel>): ModelDefinition => ({ ...churn, ...changed });
const policy = (changed: Partial<RolloutPolicy>): ModelDefinition =>
  real({ rollout: { ...demand.rollout, ...changed } });
const steps = (...shares: number[]): ModelDefinition =>
  policy({ steps: shares.map((sharePercent) => ({ sharePercent, minutes: 10 })) });
const guardrails = (changed: Partial<RolloutPolicy['guardrails']>): ModelDefinition =>
  policy({ guardrails: { ...demand.rollout.guardrails, ...changed } });
const limits = (changed: Partial<RolloutPolicy['hardLimits']>): ModelDefinition =>
  policy({ hardLimits: { ...demand.rollout.hardLimits, ...changed } });
const gate = (changed: Partial<RealTimeModel['gates'][number]>): ModelDefinition =>
  real({ gates: [{ metric: 'f1.value', bound: 'at-least', threshold: 0.7, ...changed }] });

describe('the committed catalog', () => {
  it('can be used, and holds the eight models', () => {
    expect(catalogProblems(models)).toEqual([]);
    expect(newCatalog().models.map((model) => model.name)).toEqual([
      'demand-forecast',
      'dynamic-pricing',
      'battery-degradation',
      'damage-detection',
      'route-optimization',
      'customer-segmentation',
      'churn-prediction',
      'sentiment-analysis',
    ]);
  });

  it('keeps every name within SageMaker’s 63 characters, also of what a rollout makes of it', () => {
    for (const { name } of models) {
      expect(stagingEndpointName('staging', name).length).toBeLessThanOrEqual(63);
      expect(`${endpointName('staging', name)}-e99999-both`.length).toBeLessThanOrEqual(63);
      expect(`${stagingEndpointName('staging', name)}-v99999`.length).toBeLessThanOrEqual(63);
    }
  });

  it('knows nothing by another name', () => {
    const catalog = newCatalog();
    expect(() => catalog.model('demand')).toThrow(
      'Model "demand" is not in the catalog. Use one of: demand-forecast, dynamic-pricing',
    );
    expect(() => catalog.realTime('churn-prediction')).toThrow(
      expect.objectContaining({ name: 'UnknownModel', message: expect.not.stringContaining('of: churn') }),
    );
    expect(catalog.realTime('demand-forecast')).toBe(demand);
  });

  it('guards each variant of a real-time endpoint with two alarms, found by name', () => {
    const alarms = guardAlarms('dev', demand);
    expect(alarms.map((alarm) => alarm.alarmName)).toEqual([
      'switchyard-dev-demand-forecast-blue-errors5xx',
      'switchyard-dev-demand-forecast-blue-latency',
      'switchyard-dev-demand-forecast-green-errors5xx',
      'switchyard-dev-demand-forecast-green-latency',
    ]);
    // Half of the hard limits; latency in SageMaker's microseconds.
    expect(alarms.map((alarm) => alarm.threshold)).toEqual([0.1, 250_000, 0.1, 250_000]);
    const real = newCatalog().models.filter((model): model is RealTimeModel => model.endpointType === 'real-time');
    expect(alarmMap('dev', real).size).toBe(4 * real.length);
    expect(alarmMap('dev', real).get('switchyard-dev-demand-forecast-green-latency')).toEqual(alarms[3]);
  });

  it('makes names in one place', () => {
    expect([endpointName, stagingEndpointName, packageGroupName, pipelineName].map((name) => name('dev', 'm'))).toEqual(
      ['dev-m', 'dev-m-staging', 'dev-m', 'dev-m'],
    );
  });
});

describe('a wrong value is refused with path, value and remedy', () => {
  it.each<[string, ModelDefinition, string, string, RegExp]>([
    ['a negative threshold', gate({ threshold: -0.2 }), 'gates[0].threshold', '-0.2', /Give the share or value/],
    ['a threshold of 0', gate({ threshold: 0 }), 'gates[0].threshold', '0', /above 0/],
    ['a threshold that is no number', gate({ threshold: Number.NaN }), 'gates[0].threshold', 'NaN', /above 0/],
    ['a missing metric', gate({ metric: '' }), 'gates[0].metric', '""', /Name a metric/],
    ['a metric with a hole', gate({ metric: 'a..b' }), 'gates[0].metric', '"a..b"', /Name a metric/],
    ['no gate at all', real({ gates: [] }), 'gates', '[]', /Add a metric/],
    ['steps that fall', steps(5, 25, 10), 'rollout.steps[2].sharePercent', '10', /25 % came before.*Order the steps/],
    ['steps that stand still', steps(5, 5), 'rollout.steps[1].sharePercent', '5', /must rise/],
    ['a step of 100 %', steps(5, 100), 'rollout.steps[1].sharePercent', '100', /100 % follows by itself/],
    ['a step of 0 %', steps(0), 'rollout.steps[0].sharePercent', '0', /must rise/],
    ['a broken share', steps(2.5), 'rollout.steps[0].sharePercent', '2.5', /whole per cents/],
    ['no step', steps(), 'rollout.steps', '[]', /List at least one/],
    [
      'a step without time',
      policy({ steps: [{ sharePercent: 5, minutes: 0 }] }),
      'rollout.steps[0].minutes',
      '0',
      /at least 1/,
    ],
    ['alpha above 1', policy({ alpha: 5 }), 'rollout.alpha', '5', /Write 5 % as 0.05/],
    ['beta of 0', policy({ beta: 0 }), 'rollout.beta', '0', /between 0 and 1/],
    ['a margin below 1', policy({ margin: 0.5 }), 'rollout.margin', '0.5', /Use e.g. 1.5/],
    ['a negative hold', policy({ holdMinutesMax: -1 }), 'rollout.holdMinutesMax', '-1', /integer of at least 0/],
    ['no bake', policy({ bakeMinutes: 0 }), 'rollout.bakeMinutes', '0', /at least 1/],
    ['a negative keep-warm time', policy({ keepWarmMinutes: -5 }), 'rollout.keepWarmMinutes', '-5', /at least 0/],
    ['no floor of requests', policy({ minRequests: 0 }), 'rollout.minRequests', '0', /at least 1/],
    [
      'a guardrail in per cent',
      guardrails({ errors5xx: { limitShare: 5 } }),
      'rollout.guardrails.errors5xx.limitShare',
      '5',
      /Write 5 % as 0.05/,
    ],
    [
      'a negative latency',
      guardrails({ latency: { limitMs: -1, limitShare: 0.01 } }),
      'rollout.guardrails.latency.limitMs',
      '-1',
      /positive number/,
    ],
    [
      'more breaching minutes than looked at',
      limits({ breachingMinutes: 4, outOfMinutes: 3 }),
      'rollout.hardLimits.breachingMinutes',
      '4',
      /at most hardLimits.outOfMinutes/,
    ],
    ['a hard limit above 1', limits({ errors5xxShare: 1.5 }), 'rollout.hardLimits.errors5xxShare', '1.5', /0 and 1/],
    [
      'an accuracy test of one row',
      policy({ accuracy: { marginShare: 0.1, minDistinctRows: 1 } }),
      'rollout.accuracy.minDistinctRows',
      '1',
      /at least 2/,
    ],
    [
      'no traffic',
      real({ traffic: { requestsPerMinute: 0, errorShare: 0 } }),
      'traffic.requestsPerMinute',
      '0',
      /positive number/,
    ],
    [
      'an error share of 1',
      real({ traffic: { requestsPerMinute: 1, errorShare: 1 } }),
      'traffic.errorShare',
      '1',
      /Write 1 % as 0.01/,
    ],
    [
      'no capture',
      real({ serving: { ...demand.serving, capturePercent: 0 } }),
      'serving.capturePercent',
      '0',
      /Give 1 to 100/,
    ],
    [
      'a negative count of instances',
      real({ serving: { ...demand.serving, instanceCount: -2 } }),
      'serving.instanceCount',
      '-2',
      /positive number/,
    ],
    [
      'half an instance',
      real({ serving: { ...demand.serving, instanceCount: 1.5 } }),
      'serving.instanceCount',
      '1.5',
      /whole number|integer/,
    ],
    [
      'a schedule in words',
      real({ schedule: { ...demand.schedule, expression: 'daily' } }),
      'schedule.expression',
      '"daily"',
      /cron\(\.\.\.\) or rate/,
    ],
    [
      'a negative period, even where newer candidates queue',
      real({ schedule: { ...demand.schedule, periodMinutes: -60 } }),
      'schedule.periodMinutes',
      '-60',
      /at least 1/,
    ],
    [
      'a period that is no number',
      real({ supersede: 'refuse', schedule: { ...demand.schedule, periodMinutes: Number.NaN } }),
      'schedule.periodMinutes',
      'NaN',
      /at least 1/,
    ],
    [
      'a period of a batch model that is no whole number',
      batch({ schedule: { ...churn.schedule, periodMinutes: 0.5 } }),
      'schedule.periodMinutes',
      '0.5',
      /at least 1/,
    ],
    [
      'no time to answer',
      real({ approval: { ...demand.approval, ttlMinutes: 0 } }),
      'approval.ttlMinutes',
      '0',
      /at least 1/,
    ],
    [
      'drift in per cent',
      real({ drift: { ...demand.drift, featureDistance: 10 } }),
      'drift.featureDistance',
      '10',
      /Write 10 % as 0.1/,
    ],
    [
      'a negative drifted share',
      real({ drift: { ...demand.drift, driftedShare: -0.1 } }),
      'drift.driftedShare',
      '-0.1',
      /between 0 and 1/,
    ],
    [
      'a negative number of rows for drift',
      real({ drift: { ...demand.drift, minRows: -1 } }),
      'drift.minRows',
      '-1',
      /at least 1/,
    ],
    [
      'an agreement in per cent',
      batch({ shadow: { ...churn.shadow, agreementShare: 95 } }),
      'shadow.agreementShare',
      '95',
      /between 0 and 1/,
    ],
    [
      'no rows for an agreement',
      batch({ shadow: { ...churn.shadow, minRows: 0 } }),
      'shadow.minRows',
      '0',
      /at least 1/,
    ],
    [
      'a negative business threshold',
      real({ businessMetric: { ...demand.businessMetric, threshold: -0.08 } }),
      'businessMetric.threshold',
      '-0.08',
      /above 0/,
    ],
    [
      'a business metric without a name',
      real({ businessMetric: { ...demand.businessMetric, name: '' } }),
      'businessMetric.name',
      '""',
      /Name/,
    ],
  ])('%s', (_name, model, path, value, remedy) => {
    const problems = catalogProblems([model]);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${model.name}.${path} is ${value}: `);
    expect(problems[0]).toMatch(remedy);
  });

  it.each([
    ['Demand', 'models[0].name is "Demand"'],
    ['demand_forecast', 'models[0].name is "demand_forecast"'],
    ['demand--x', 'models[0].name is "demand--x"'],
    ['', 'models[0].name is ""'],
    ['d'.repeat(41), `${'d'.repeat(41)}.name is "${'d'.repeat(41)}"`],
  ])('the name %p', (name, text) => {
    expect(catalogProblems([real({ name })])).toEqual([expect.stringContaining(text)]);
  });

  it('a doubled name', () => {
    expect(catalogProblems([demand, demand])).toEqual([
      'models: "demand-forecast" is there twice. Give each model a name of its own.',
    ]);
  });

  it.each([
    ['is another’s staging endpoint', 'demand-forecast-staging', 'demand-forecast'],
    ['begins another’s names', 'demand', 'demand'],
  ])('a name that %s', (_name, other, shorter) => {
    expect(catalogProblems([demand, real({ name: other })])).toEqual([
      expect.stringMatching(new RegExp(`^${shorter}\\.name is "${shorter}": .*begins no other`)),
    ]);
  });

  it('a schedule that is shorter than its rollout, unless newer candidates queue', () => {
    const minutes = rolloutMinutes(demand);
    expect(minutes).toBe(40 + 30 + 10 + 5 * 5);
    const every = (periodMinutes: number, supersede: RealTimeModel['supersede']): ModelDefinition =>
      real({ supersede, schedule: { expression: 'rate(1 hour)', periodMinutes } });
    expect(catalogProblems([every(minutes - 1, 'refuse')])).toEqual([
      `demand-forecast.schedule.periodMinutes is ${minutes - 1}: a rollout takes ${minutes} minutes. ` +
        `Retrain less often, shorten the steps, or set supersede to 'queue-latest'.`,
    ]);
    expect(catalogProblems([every(minutes, 'refuse')])).toEqual([]);
    expect(catalogProblems([every(1, 'queue-latest')])).toEqual([]);
  });

  it('all problems at once, in one error', () => {
    const broken = [gate({ threshold: -1, metric: '' }), steps(9, 8)];
    expect(() => assertCatalog(broken)).toThrow(
      expect.objectContaining({
        name: 'InvalidCatalog',
        message: expect.stringMatching(/^The catalog has 4 problem\(s\):\n- .*\n- .*\n- .*\n- /),
      }),
    );
    expect(() => newCatalog(broken)).toThrow(expect.objectContaining({ name: 'InvalidCatalog' }));
  });
});
