/** An onlooker at the public door: describes the endpoint and the champion each half minute of a rollout, and remembers. */
import { type Timer } from '../../kernel/clock.ts';
import { type RolloutRecord } from '../../../shared/ports/rollout-store.ts';
import { type Operator } from '../operator.ts';
import { type World } from '../world.ts';

const EVERY_MS = 30_000;

export interface Sight {
  readonly atMs: number;
  readonly status: string;
  readonly variants: readonly { readonly name: string; readonly weight: number; readonly instances: number }[];
  /** The rollout that made the champion of that moment; null before the first. */
  readonly championRollout: string | null;
  /** The share that a rollout under way takes as landed, since it has begun to collect evidence of it. */
  readonly watching: { readonly rolloutId: string; readonly stepIndex: number; readonly variant: string } | null;
}

/** Evidence of the present share is being collected, and nothing has been decided on it. */
function isWatching({ active, bake, stepIndex, stop, verdict }: RolloutRecord): boolean {
  return active && bake?.stepIndex === stepIndex && verdict?.stepIndex !== stepIndex && !stop;
}

export class Watch {
  readonly #world: World;
  readonly #operator: Operator;
  readonly sights: Sight[] = [];
  #timer: Timer | undefined;

  constructor(world: World, operator: Operator) {
    this.#world = world;
    this.#operator = operator;
  }

  start(): void {
    if (!this.#timer) this.#arm();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const { kernel } = this.#world.cloud;
    this.#timer = kernel.clock.after(EVERY_MS, 'watch', () => {
      this.#arm();
      kernel.spawn('watch', () => this.#look());
    });
  }

  async #look(): Promise<void> {
    const atMs = this.#world.cloud.kernel.clock.now();
    const endpoint = await this.#operator.endpoint();
    const champion = await this.#operator.champion();
    const rollout = (await this.#operator.rollouts()).find(isWatching);
    this.sights.push({
      atMs,
      status: endpoint?.EndpointStatus ?? 'absent',
      variants: (endpoint?.ProductionVariants ?? []).map((variant) => ({
        name: variant.VariantName ?? '',
        weight: variant.CurrentWeight ?? 0,
        instances: variant.CurrentInstanceCount ?? 0,
      })),
      championRollout: champion?.rolloutId ?? null,
      watching: rollout
        ? { rolloutId: rollout.rolloutId, stepIndex: rollout.stepIndex, variant: rollout.challenger.variant }
        : null,
    });
  }
}

/** How often the champion became another one. */
export function championChanges(sights: readonly Sight[], before: string | null): number {
  let changes = 0;
  let known = before;
  for (const { championRollout } of sights) {
    if (championRollout !== known) changes++;
    known = championRollout;
  }
  return changes;
}

/** The lowest instance count of a variant, and the count that it had at first sight. */
export function instancesOf(
  sights: readonly Sight[],
  variant: string,
): { readonly first: number; readonly lowest: number } {
  const counts = sights.flatMap((sight) => sight.variants.filter((each) => each.name === variant));
  return { first: counts[0]?.instances ?? 0, lowest: Math.min(...counts.map((each) => each.instances)) };
}

/**
 * Every sight at which a share was being watched although the endpoint showed another one.
 * @param shareOf per cent that a step asks for
 */
export function watchedTooEarly(sights: readonly Sight[], shareOf: (stepIndex: number) => number): string[] {
  return sights.flatMap(({ watching, variants, atMs }) => {
    if (!watching) return [];
    const total = variants.reduce((sum, each) => sum + each.weight, 0);
    const weight = variants.find((each) => each.name === watching.variant)?.weight ?? 0;
    const share = total === 0 ? 0 : (weight / total) * 100;
    const asked = shareOf(watching.stepIndex);
    const minute = new Date(atMs).toISOString().slice(11, 16);
    return share === asked ? [] : [`${minute}: ${share} % of ${asked} %`];
  });
}
