/** SageMaker's events are best effort: lost, doubled and late ones lead a first deployment and a canary to the same end. */
import { describe, expect, it } from '@jest/globals';
import { type EventFault } from '../../local/kernel/faults.ts';
import { type AwsEvent } from '../../local/kernel/service.ts';
import { type RolloutRecord } from '../../shared/ports/rollout-store.ts';
import { Deployed, MODEL } from '../support/deployed.ts';

const TEST_MS = 240_000;
const MINUTE_MS = 60_000;
const ENDPOINT_CHANGED = 'SageMaker Endpoint State Change';
const LATE_COPIES: EventFault = { kind: 'copies', delaysMs: [2 * MINUTE_MS, 4 * MINUTE_MS, 9 * MINUTE_MS] };

let wakeUps = 0;
/** Every second wake-up is lost; the sweep puts it again. */
const flaky = (): EventFault | undefined => (wakeUps++ % 2 === 0 ? { kind: 'lose' } : undefined);

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

async function playWith(fault: (event: AwsEvent) => EventFault | undefined): Promise<End> {
  const deployed = await Deployed.open();
  try {
    deployed.world.cloud.faults.inject('events', { event: fault });
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

/** The same end without any disturbance: tests/journeys plays it. */
const UNDISTURBED: End = {
  first: 'PROMOTED',
  canary: 'PROMOTED',
  champion: `dev-${MODEL}-v2`,
  promotions: 2,
  releases: [`${MODEL}-v1 PROMOTED`, `${MODEL}-v2 PROMOTED`],
  // One creation, one provisioning, five shares: nothing is asked for twice, and nothing is taken back.
  deeds: [
    `CREATE dev-${MODEL}-e1-first {"blue":100}`,
    `ADD_CHALLENGER dev-${MODEL}-e2-both {"blue":100,"green":0}`,
    ...[5, 10, 25, 50, 100].map((share) => `SHIFT dev-${MODEL}-e2-both {"blue":${100 - share},"green":${share}}`),
  ],
  dead: 0,
};

describe('events', () => {
  // A registration that is not told of starts no release: the nets below are for what is under way.
  const losing = ({ detailType }: AwsEvent): EventFault | undefined => {
    if (detailType === ENDPOINT_CHANGED) return { kind: 'lose' };
    return detailType === 'wait.resolved.v1' ? flaky() : undefined;
  };

  it.each<[string, (event: AwsEvent) => EventFault | undefined]>([
    [
      'of SageMaker that come three times, and late',
      ({ source }) => (source === 'aws.sagemaker' ? LATE_COPIES : undefined),
    ],
    ['of endpoints that are lost, and every second wake-up with them,', losing],
  ])(
    '%s lead to the same end',
    async (_how, fault) => {
      expect(await playWith(fault)).toEqual(UNDISTURBED);
    },
    TEST_MS,
  );
});
