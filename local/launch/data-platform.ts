/**
 * What stands outside Switchyard in life: the platform that delivers a data snapshot every night, and the truth of yesterday's
 * requests an hour after midnight. docs/replay.md says which real days a virtual day stands for.
 */
import { type LaptopCloud } from '../cloud.ts';
import {
  deliveredRows,
  type DeliveredTruth,
  drawRequests,
  periodOfVirtualDay,
  type ReplayRequest,
  trainingWindow,
  type TrainingWindow,
  TRUTH_DELAY_HOURS,
  truthOf,
} from '../../pipelines/demand-forecast/replay.ts';
import { period, readSeries, type RidershipRow, toCsv } from '../../pipelines/demand-forecast/source.ts';

const MS_PER_DAY = 86_400_000;
const MS_PER_HOUR = 3_600_000;
const DELIVERY_HOUR = 1;
const MODEL = 'demand-forecast';
const OPERATOR = { kind: 'root' as const };

export interface DrawnRequest {
  readonly inferenceId: string;
  readonly body: Uint8Array;
}

export class DataPlatform {
  readonly #cloud: LaptopCloud;
  readonly #bucket: string;
  readonly #series: readonly RidershipRow[] = readSeries();
  readonly #firstDayMs: number;
  readonly #bodies = new Map<string, Uint8Array>();
  readonly #pendingTruth = new Map<number, DeliveredTruth[]>();
  readonly #deliveredSnapshots = new Set<string>();
  readonly #drawn = new Map<number, Set<string>>();
  #batch = 0;

  /** @param bucket where raw data and labels are delivered */
  constructor(cloud: LaptopCloud, bucket: string) {
    this.#cloud = cloud;
    this.#bucket = bucket;
    this.#firstDayMs = Math.floor(cloud.kernel.clock.now() / MS_PER_DAY) * MS_PER_DAY;
  }

  /** 1, 2, 3, ...: the virtual day that it is. */
  get virtualDay(): number {
    return Math.floor((this.#cloud.kernel.clock.now() - this.#firstDayMs) / MS_PER_DAY) + 1;
  }

  /** Delivers a snapshot under a prefix of its own and points `latest.json` at it. */
  async deliverSnapshot(name: TrainingWindow['name']): Promise<void> {
    const window = trainingWindow(name);
    const prefix = `raw/${MODEL}/snapshot=${name}`;
    if (!this.#deliveredSnapshots.has(name)) {
      this.#deliveredSnapshots.add(name);
      await this.#put(`${prefix}/ridership.csv`, toCsv(deliveredRows(this.#series, window)));
    }
    const manifest = {
      InputDataUri: `s3://${this.#bucket}/${prefix}`,
      TrainFrom: window.trainFrom,
      TrainTo: window.trainTo,
      EvaluateTo: window.evaluateTo,
      FeatureRecipe: window.featureRecipe,
    };
    await this.#put(`raw/${MODEL}/latest.json`, JSON.stringify(manifest));
  }

  /** Delivers the given snapshots in order, one each night at 01:00, the last one again and again. */
  startNightly(names: readonly TrainingWindow['name'][]): void {
    const { kernel } = this.#cloud;
    const nextMs = Math.floor(kernel.clock.now() / MS_PER_DAY) * MS_PER_DAY + MS_PER_DAY + DELIVERY_HOUR * MS_PER_HOUR;
    kernel.clock.at(nextMs, 'nightly snapshot', () => {
      const [name, ...rest] = names;
      if (name === undefined) return;
      kernel.spawn('nightly snapshot', () => this.deliverSnapshot(name));
      this.startNightly(rest.length > 0 ? rest : names);
    });
  }

  /** Draws requests from the period that today stands for; their truth will be delivered in the night after. */
  draw(count: number): DrawnRequest[] {
    const day = this.virtualDay;
    const { from, to } = periodOfVirtualDay(day);
    const batch = this.#batch++;
    const seed = this.#cloud.kernel.seed * 1_000_003 + batch;
    const requests = drawRequests(period(this.#series, from, to), seed, count, `d${day}-b${batch}`);
    this.#expectTruth(day, requests);
    let drawn = this.#drawn.get(day);
    if (!drawn) this.#drawn.set(day, (drawn = new Set()));
    for (const request of requests) drawn.add(request.date);
    return requests.map((request) => ({ inferenceId: request.inferenceId, body: this.#bodyOf(request) }));
  }

  /** Distinct rows behind the requests of the virtual day that had the fewest; 0 before the first request. */
  get distinctRowsMin(): number {
    return this.#drawn.size === 0 ? 0 : Math.min(...[...this.#drawn.values()].map((dates) => dates.size));
  }

  #bodyOf(request: ReplayRequest): Uint8Array {
    let body = this.#bodies.get(request.date);
    if (!body) this.#bodies.set(request.date, (body = Buffer.from(JSON.stringify(request.row))));
    return body;
  }

  #expectTruth(day: number, requests: readonly ReplayRequest[]): void {
    let pending = this.#pendingTruth.get(day);
    if (!pending) {
      this.#pendingTruth.set(day, (pending = []));
      const dueMs = this.#firstDayMs + day * MS_PER_DAY + TRUTH_DELAY_HOURS * MS_PER_HOUR;
      this.#cloud.kernel.clock.at(dueMs, 'truth arrives', () => {
        this.#cloud.kernel.spawn('deliver truth', () => this.#deliverTruth(day));
      });
    }
    pending.push(...truthOf(this.#series, requests));
  }

  async #deliverTruth(day: number): Promise<void> {
    const truths = this.#pendingTruth.get(day) ?? [];
    this.#pendingTruth.delete(day);
    const date = new Date(this.#firstDayMs + (day - 1) * MS_PER_DAY).toISOString().slice(0, 10);
    const lines = truths.map(({ inferenceId, ridership }) => JSON.stringify({ inferenceId, truth: ridership }));
    await this.#put(`labels/${MODEL}/dt=${date}/truth.jsonl`, `${lines.join('\n')}\n`);
  }

  async #put(Key: string, text: string): Promise<void> {
    await this.#cloud.context.call('s3', 'PutObject', { Bucket: this.#bucket, Key, Body: Buffer.from(text) }, OPERATOR);
  }
}
