/** State transitions of a rollout grow with its steps, not with its hours: a bake of one hour and of 72. */
import { describe, expect, it } from '@jest/globals';
import { type Tamper } from '../../local/launch/functions.ts';
import { Traffic } from '../../local/launch/traffic.ts';
import { type Catalog, newCatalog } from '../../shared/catalog/catalog.ts';
import { type RealTimeModel } from '../../shared/catalog/model-definition.ts';
import { models } from '../../shared/catalog/models.ts';
import { type RolloutRecord } from '../../shared/ports/rollout-store.ts';
import { Deployed, MODEL } from '../support/deployed.ts';

const TEST_MS = 240_000;
const HOUR = 60;
/** Enough for a look to see a minute, and cheap enough for three days of minutes. */
const REQUESTS_PER_MINUTE = 20;

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

async function canaryWith(bakeMinutes: number): Promise<{ rollout: RolloutRecord; transitions: number }> {
  const catalog = catalogWith(bakeMinutes);
  const tamper: Tamper = (_room, dependencies) =>
    'catalog' in dependencies ? { ...dependencies, catalog } : dependencies;
  const deployed = await Deployed.open({ tamper });
  try {
    await deployed.firstChampion();
    const { stage, world } = deployed;
    const version = await deployed.register();
    await stage.approve(version);
    const opened = await stage.until(
      'a rollout',
      async () => (await stage.operator.rollouts()).find((each) => each.kind === 'CANARY'),
      240,
    );
    const traffic = new Traffic(world, stage.operator, REQUESTS_PER_MINUTE, 50);
    traffic.start();
    await stage.until('its end', async () => !(await stage.record(opened)).active, bakeMinutes + 4 * HOUR, 600);
    traffic.stop();
    const rollout = await stage.record(opened);
    return { rollout, transitions: world.cloud.services.stepfunctions.transitions(rollout.executionArn) ?? 0 };
  } finally {
    deployed.close();
  }
}

describe('a canary', () => {
  it(
    'of 72 hours makes as many state transitions as one of an hour',
    async () => {
      const short = await canaryWith(HOUR);
      const long = await canaryWith(72 * HOUR);
      expect(short.rollout.outcome).toBe('PROMOTED');
      expect(long.rollout.outcome).toBe('PROMOTED');
      expect(long.rollout.endedAtMs! - long.rollout.startedAtMs).toBeGreaterThan(72 * HOUR * 60_000);
      expect(long.rollout.looks).toBeGreaterThan(20 * short.rollout.looks);
      expect(long.transitions).toBe(short.transitions);
    },
    TEST_MS,
  );
});
