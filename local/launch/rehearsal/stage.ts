/** What stories are played on: a world, an operator, traffic around rollouts, and the virtual clock. */
import { build } from '../../../events/contract.ts';
import { retrainingRequested } from '../../../events/retraining/retraining-requested.v1.ts';
import { type TrainingWindow } from '../../../pipelines/demand-forecast/replay.ts';
import { newCatalog } from '../../../shared/catalog/catalog.ts';
import { type ReleaseRecord } from '../../../shared/ports/release-store.ts';
import { type RolloutRecord } from '../../../shared/ports/rollout-store.ts';
import { MODEL, Operator, type Version } from '../operator.ts';
import { Traffic } from '../traffic.ts';
import { type World } from '../world.ts';
import { Watch } from './watch.ts';

const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
/** A person takes a while to look. */
const DECISION_MINUTES = 7;

export class StoryFailed extends Error {
  override readonly name = 'StoryFailed';
}

export class Stage {
  readonly world: World;
  readonly operator: Operator;
  readonly traffic: Traffic;
  readonly watch: Watch;

  constructor(world: World) {
    this.world = world;
    this.operator = new Operator(world);
    const model = newCatalog().realTime(MODEL);
    this.traffic = new Traffic(
      world,
      this.operator,
      model.traffic.requestsPerMinute,
      model.rollout.guardrails.latency.limitMs,
    );
    this.watch = new Watch(world, this.operator);
  }

  get nowMs(): number {
    return this.world.cloud.kernel.clock.now();
  }

  /** Lets virtual minutes pass. */
  pass(minutes: number): Promise<void> {
    return this.world.cloud.kernel.runFor(minutes * MS_PER_MINUTE);
  }

  /** Lets virtual time pass until a time of day (UTC hours) comes round. */
  async passUntilHour(hour: number): Promise<void> {
    const dayMs = 24 * MS_PER_HOUR;
    const today = Math.floor(this.nowMs / dayMs) * dayMs + hour * MS_PER_HOUR;
    const atMs = today > this.nowMs ? today : today + dayMs;
    await this.world.cloud.kernel.runFor(atMs - this.nowMs);
  }

  /** Does something that calls the cloud, letting virtual time run as far as it must. */
  does<T>(action: Promise<T>): Promise<T> {
    return this.world.cloud.kernel.settle(action, MS_PER_HOUR, 'an operator’s call');
  }

  /** Looks each virtual minute (or `everySeconds`) until there is something to see. @throws StoryFailed after the limit */
  async until<T>(
    what: string,
    look: () => Promise<T | undefined | false>,
    limitMinutes: number,
    everySeconds = 60,
  ): Promise<T> {
    const endMs = this.nowMs + limitMinutes * MS_PER_MINUTE;
    for (;;) {
      const seen = await this.does(look());
      if (seen !== undefined && seen !== false) return seen;
      if (this.nowMs >= endMs)
        throw new StoryFailed(`${what} did not come about within ${limitMinutes} virtual minutes`);
      await this.world.cloud.kernel.runFor(everySeconds * 1_000);
    }
  }

  /** The data platform delivers; an operator asks for a retraining. */
  async retrain(snapshot: TrainingWindow['name'], reason: string, key: string): Promise<void> {
    await this.does(this.world.data.deliverSnapshot(snapshot));
    const detail = { model: MODEL, reason, requestedBy: 'ada', idempotencyKey: key };
    await this.does(this.operator.put(build(retrainingRequested, detail)));
  }

  /** The next version that waits for a decision, whose release has asked for it. */
  async nextCandidate(): Promise<Version> {
    const version = await this.until(
      'a registered candidate',
      async () => (await this.operator.versions()).find((each) => each.approval === 'PendingManualApproval'),
      240,
    );
    await this.until('a request for approval', async () => (await this.release(version))?.wait !== undefined, 60);
    return version;
  }

  async approve(version: Version): Promise<void> {
    await this.pass(DECISION_MINUTES);
    await this.does(this.operator.approve(version.arn, 'grace'));
  }

  async release(version: Version): Promise<ReleaseRecord | undefined> {
    return (await this.operator.releases()).find((release) => release.version === version.arn);
  }

  /** The rollout of a version, once it has begun; traffic flows from then on. */
  async rolloutOf(version: Version): Promise<RolloutRecord> {
    const rollout = await this.until(
      'a rollout',
      async () =>
        (await this.operator.rollouts()).find(
          (each) => each.challenger.servable.version === version.arn && each.kind !== 'ROLLBACK_ON_DEMAND',
        ),
      240,
    );
    // Nobody calls an endpoint that does not exist yet.
    if (rollout.kind !== 'FIRST_DEPLOYMENT') this.traffic.start();
    this.watch.start();
    return rollout;
  }

  /** The rollout's record as it stands. */
  async record(rollout: RolloutRecord): Promise<RolloutRecord> {
    const found = (await this.does(this.operator.rollouts())).find((each) => each.rolloutId === rollout.rolloutId);
    if (!found) throw new StoryFailed(`the record of ${rollout.rolloutId} has vanished`);
    return found;
  }

  /** Waits until a rollout is watched in a step, i.e. its share was read back. */
  async watched(rollout: RolloutRecord, stepIndex: number): Promise<void> {
    await this.until(
      `step ${stepIndex} being watched`,
      async () => (await this.record(rollout)).bake?.stepIndex === stepIndex,
      300,
    );
  }

  /** Waits for a rollout's end, lets traffic flow on a little, and gives the reconciler time to tidy up. */
  async ended(rollout: RolloutRecord, limitMinutes = 480): Promise<RolloutRecord> {
    await this.until('the end of the rollout', async () => !(await this.record(rollout)).active, limitMinutes);
    await this.pass(3);
    this.traffic.stop();
    this.watch.stop();
    return this.record(rollout);
  }

  /** Waits for a release's end. */
  async releaseEnded(version: Version): Promise<ReleaseRecord> {
    return this.until(
      'the end of the release',
      async () => {
        const release = await this.release(version);
        return release?.outcome ? release : undefined;
      },
      480,
    );
  }
}
