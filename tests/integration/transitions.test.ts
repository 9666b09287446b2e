/** State transitions of a rollout grow with its steps, not with its hours: a bake of one hour and of 72. */
import { describe, expect, it } from '@jest/globals';
import { type Tamper } from '../../local/launch/functions.ts';
import { type Catalog, newCatalog } from '../../shared/catalog/catalog.ts';
import { type RealTimeModel } from '../../shared/catalog/model-definition.ts';
import { models } from '../../shared/catalog/models.ts';
import { type VariantMinute } from '../../shared/domain/judge/evidence.ts';
import { type MetricSource } from '../../shared/ports/metric-source.ts';
import { Deployed, MODEL } from '../support/deployed.ts';

const TEST_MS = 240_000;
const HOUR = 60;
/** What both arms did in each minute, for a judge that would otherwise need three days of real requests. */
const CLEAN: VariantMinute = { invocations: 100, errors5xx: 0, errors4xx: 0, slow: 0, p99LatencyMs: 10 };

/** Evidence without traffic: every minute that is asked for, clean. Who counts transitions does not care where it came from. */
const cleanMetrics: Pick<MetricSource, 'minutes' | 'history'> = {
  minutes: async ({ fromMinute, untilMinute }) =>
    Array.from({ length: Math.max(0, untilMinute - fromMinute) }, (_, index) => ({
      minute: fromMinute + index,
      challenger: CLEAN,
      champion: CLEAN,
    })),
  history: async () => ({ invocations: 100_000, errors5xx: 0, errors4xx: 0, slow: 0 }),
};

/** The catalog with one share and a longer bake; a look each minute either way. */
function catalogWith(bakeMinutes: number): Catalog {
  return newCatalog(
    models.map((model) => {
      if (model.name !== MODEL || model.endpointType !== 'real-time') return model;
      const rollout: RealTimeModel['rollout'] = {
        ...model.rollout,
        steps: [{ sharePercent: 50, minutes: 10 }],
        bakeMinutes,
      };
      const longest = { expression: 'cron(0 2 ? * SUN *)', periodMinutes: 7 * 24 * HOUR };
      return { ...model, rollout, schedule: longest };
    }),
  );
}

/** A look each five minutes is often enough for the nets below a rollout, and three days of them can be waited for. */
async function lookSeldom(deployed: Deployed): Promise<void> {
  const { Rules } = await deployed.call('events', 'ListRules', {});
  const sweep = (Rules as { Name: string; ScheduleExpression?: string }[]).find(
    (rule) => rule.ScheduleExpression === 'rate(1 minute)',
  );
  await deployed.call('events', 'PutRule', { Name: sweep!.Name, ScheduleExpression: 'rate(5 minutes)' });
}

let catalog = catalogWith(HOUR);
/** Warm functions keep their dependencies: this one tells them what holds now. */
const liveCatalog: Catalog = {
  get models() {
    return catalog.models;
  },
  model: (name) => catalog.model(name),
  realTime: (name) => catalog.realTime(name),
};
const tamper: Tamper = (_room, dependencies) => ({
  ...dependencies,
  ...('catalog' in dependencies ? { catalog: liveCatalog } : {}),
  ...('metrics' in dependencies ? { metrics: { ...(dependencies.metrics as MetricSource), ...cleanMetrics } } : {}),
});

async function canaryWith(deployed: Deployed, bakeMinutes: number) {
  const { stage, world } = deployed;
  const version = await deployed.register();
  await stage.approve(version);
  const opened = await stage.until(
    'a rollout',
    async () => (await stage.operator.rollouts()).find((each) => each.challenger.servable.version === version.arn),
    240,
  );
  await stage.until('its end', async () => !(await stage.record(opened)).active, bakeMinutes + 4 * HOUR, 1_800);
  await stage.releaseEnded(version);
  const rollout = await stage.record(opened);
  const hours = (rollout.endedAtMs! - rollout.startedAtMs) / (HOUR * 60_000);
  const transitions = world.cloud.services.stepfunctions.transitions(rollout.executionArn);
  return { outcome: rollout.outcome, looks: rollout.looks, hours, transitions };
}

describe('a canary', () => {
  it(
    'of 72 hours makes as many state transitions as one of an hour',
    async () => {
      const deployed = await Deployed.open({ tamper });
      try {
        await deployed.firstChampion();
        await lookSeldom(deployed);
        const short = await canaryWith(deployed, HOUR);
        catalog = catalogWith(72 * HOUR);
        const long = await canaryWith(deployed, 72 * HOUR);
        expect(short.outcome).toBe('PROMOTED');
        expect(long.outcome).toBe('PROMOTED');
        expect(short.hours).toBeLessThan(3);
        expect(long.hours).toBeGreaterThan(72);
        expect(long.looks).toBeGreaterThan(20 * short.looks);
        expect(short.transitions).toBeGreaterThan(15);
        expect(long.transitions).toBe(short.transitions);
      } finally {
        deployed.close();
      }
    },
    TEST_MS,
  );
});
