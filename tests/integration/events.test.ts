/** SageMaker's events are best effort: lost, doubled and late ones lead a first deployment and a canary to the same end. */
import { describe, expect, it } from '@jest/globals';
import { type EventFault } from '../../local/kernel/faults.ts';
import { type RolloutRecord } from '../../shared/ports/rollout-store.ts';
import { Deployed, MODEL } from '../support/deployed.ts';

const TEST_MS = 240_000;
const MINUTE_MS = 60_000;

/** What is the same however the events come. */
interface End {
  readonly first: string;
  readonly canary: string;
  readonly champion: string;
  readonly promotions: number;
  readonly releases: readonly string[];
  readonly deeds: readonly string[];
  readonly dead: number;
}

const deedsOf = (rollout: RolloutRecord): string[] =>
  rollout.deeds.filter((deed) => /^(CREATE|ADD|SHIFT|RESTORE|REMOVE)/.test(deed.action)).map((deed) => deed.action);

async function playWith(fault: EventFault | undefined, sources: readonly string[]): Promise<End> {
  const deployed = await Deployed.open();
  try {
    if (fault)
      deployed.world.cloud.faults.inject('events', {
        event: ({ source }) => (sources.includes(source) ? fault : undefined),
      });
    await deployed.firstChampion();
    const { version, rollout } = await deployed.rollout();
    const ended = await deployed.stage.ended(rollout, 600);
    await deployed.stage.releaseEnded(version);
    const { operator } = deployed.stage;
    const rollouts = await deployed.stage.does(operator.rollouts());
    const releases = await deployed.stage.does(operator.releases());
    return {
      first: rollouts[0]?.outcome ?? 'none',
      canary: ended.outcome ?? 'none',
      champion: (await deployed.stage.does(operator.champion()))?.arm.servable.name ?? 'none',
      promotions: rollouts.filter((each) => each.outcome === 'PROMOTED').length,
      releases: releases.map((each) => `${each.releaseId} ${each.outcome}`),
      deeds: rollouts.flatMap(deedsOf),
      dead: (await deployed.drain('EventsDlq')).length,
    };
  } finally {
    deployed.close();
  }
}

/** State changes of endpoints; those of model packages start releases and carry decisions. */
const SAGEMAKER = ['aws.sagemaker'];

describe('events of SageMaker that come', () => {
  const undisturbed = playWith(undefined, []);

  it.each<[string, EventFault]>([
    ['twice', { kind: 'copies', delaysMs: [0, 1_500] }],
    ['three times, and late', { kind: 'copies', delaysMs: [2 * MINUTE_MS, 4 * MINUTE_MS, 9 * MINUTE_MS] }],
  ])(
    '%s lead to the same end',
    async (_how, fault) => {
      expect(await playWith(fault, SAGEMAKER)).toEqual(await undisturbed);
      expect(await undisturbed).toMatchObject({
        first: 'PROMOTED',
        canary: 'PROMOTED',
        champion: `dev-${MODEL}-v2`,
        dead: 0,
      });
    },
    TEST_MS,
  );
});
