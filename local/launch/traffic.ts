/** Callers of the endpoint: one batch a virtual minute, one request of each through the real SDK. */
import { type TrafficResult } from '../sagemaker/service.ts';
import { type Timer } from '../kernel/clock.ts';
import { ENDPOINT, type Operator } from './operator.ts';
import { type World } from './world.ts';

const MS_PER_MINUTE = 60_000;

/** What one version's requests came to within a minute. */
export interface MinuteTally {
  readonly minute: number;
  readonly servable: string;
  readonly requests: number;
  readonly failed: number;
  readonly slow: number;
}

export class Traffic {
  readonly #world: World;
  readonly #operator: Operator;
  readonly #requestsPerMinute: number;
  readonly #slowMs: number;
  readonly tallies: MinuteTally[] = [];
  #timer: Timer | undefined;
  requests = 0;
  throughSdk = 0;
  failedThroughSdk = 0;

  /** @param slowMs model latency above which a request counts as slow */
  constructor(world: World, operator: Operator, requestsPerMinute: number, slowMs: number) {
    this.#world = world;
    this.#operator = operator;
    this.#requestsPerMinute = requestsPerMinute;
    this.#slowMs = slowMs;
  }

  get flowing(): boolean {
    return this.#timer !== undefined;
  }

  start(): void {
    if (this.#timer) return;
    const { clock } = this.#world.cloud.kernel;
    const nextMs = (Math.floor(clock.now() / MS_PER_MINUTE) + 1) * MS_PER_MINUTE;
    this.#arm(nextMs);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(atMs: number): void {
    const { kernel } = this.#world.cloud;
    this.#timer = kernel.clock.at(atMs, 'traffic', () => {
      this.#arm(atMs + MS_PER_MINUTE);
      kernel.spawn('traffic', () => this.#minute(atMs / MS_PER_MINUTE));
    });
  }

  async #minute(minute: number): Promise<void> {
    const requests = this.#world.data.draw(this.#requestsPerMinute);
    const [first, ...rest] = requests;
    const results = await this.#world.cloud.services.sagemaker.sendTraffic(ENDPOINT, rest);
    this.#tally(minute, results);
    this.requests += requests.length;
    if (!first) return;
    this.throughSdk++;
    if ((await this.#operator.invoke(first.body, first.inferenceId)) !== 200) this.failedThroughSdk++;
  }

  #tally(minute: number, results: readonly TrafficResult[]): void {
    const byServable = new Map<string, { requests: number; failed: number; slow: number }>();
    for (const result of results) {
      const tally = byServable.get(result.modelName) ?? { requests: 0, failed: 0, slow: 0 };
      tally.requests++;
      if (result.statusCode !== 200) tally.failed++;
      if (result.latencyMs > this.#slowMs) tally.slow++;
      byServable.set(result.modelName, tally);
    }
    for (const [servable, tally] of byServable) this.tallies.push({ minute, servable, ...tally });
  }
}
