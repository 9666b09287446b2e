/** The deployed system with a champion, for tests that begin where story 1 ends. Opens once a file: it replaces the process's clock. */
import { type Tamper } from '../../local/launch/functions.ts';
import { ENDPOINT, MODEL, type Version } from '../../local/launch/operator.ts';
import { Stage } from '../../local/launch/rehearsal/stage.ts';
import { STORIES } from '../../local/launch/rehearsal/stories.ts';
import { openWorld, type World } from '../../local/launch/world.ts';
import { type Principal, type WireInput } from '../../local/kernel/service.ts';
import { type RolloutRecord } from '../../shared/ports/rollout-store.ts';
import { packagedTemplate } from './packaged-template.ts';

const START_MS = Date.UTC(2026, 0, 5, 22);
const ROOT: Principal = { kind: 'root' };
/** The truth of the first evening's requests arrives at 01:00. */
const AFTER_TRUTH_HOUR = 1.25;
const NIGHTLY_SCHEDULE = 'switchyard-dev-retrain-demand-forecast';

export interface DeployedOptions {
  readonly seed?: number;
  readonly tamper?: Tamper;
}

export class Deployed {
  readonly world: World;
  readonly stage: Stage;

  constructor(world: World) {
    this.world = world;
    this.stage = new Stage(world);
  }

  static async open(options: DeployedOptions = {}): Promise<Deployed> {
    const { seed = 1, tamper } = options;
    const template = packagedTemplate();
    return new Deployed(await openWorld({ seed, startMs: START_MS, template, ...(tamper ? { tamper } : {}) }));
  }

  close(): void {
    this.stage.traffic.stop();
    this.stage.watch.stop();
    this.world.close();
  }

  /** Plays story 1, and waits for the truth of its requests. */
  async firstChampion(): Promise<Version> {
    const played = await STORIES[0]!.play(this.stage);
    if (played.outcome !== 'PROMOTED' || !played.version) throw new Error(`story 1 ended as ${played.outcome}`);
    this.stage.watch.stop();
    // An operator has switched the nightly retraining off: no candidate comes but the tests' own.
    await this.call('scheduler', 'DeleteSchedule', { Name: NIGHTLY_SCHEDULE });
    await this.stage.passUntilHour(AFTER_TRUTH_HOUR);
    return played.version;
  }

  /** Calls any operation as the operator, letting virtual time run as far as it must. */
  // Wire shapes differ from operation to operation; each test reads what it needs.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  call(service: string, operation: string, input: WireInput, principal: Principal = ROOT): Promise<any> {
    return this.stage.does(this.world.cloud.context.call(service, operation, input, principal) as Promise<unknown>);
  }

  /** Registers the champion's artifact once more: a healthy candidate without a training. */
  async register(): Promise<Version> {
    const [latest] = await this.stage.does(this.stage.operator.versions());
    const described = await this.call('sagemaker', 'DescribeModelPackage', { ModelPackageName: latest!.arn });
    const { ModelPackageGroupName, InferenceSpecification, ModelMetrics, CustomerMetadataProperties } = described;
    await this.call('sagemaker', 'CreateModelPackage', {
      ModelPackageGroupName,
      InferenceSpecification,
      ...(ModelMetrics ? { ModelMetrics } : {}),
      ...(CustomerMetadataProperties ? { CustomerMetadataProperties } : {}),
      ModelApprovalStatus: 'PendingManualApproval',
    });
    return this.stage.nextCandidate();
  }

  /** Registers, approves, and waits for the rollout. */
  async rollout(): Promise<{ version: Version; rollout: RolloutRecord }> {
    const version = await this.register();
    await this.stage.approve(version);
    return { version, rollout: await this.stage.rolloutOf(version) };
  }

  /** Share of traffic of the champion on record, read back from the endpoint, in per cent. */
  async championShare(): Promise<number> {
    const champion = await this.stage.does(this.stage.operator.champion());
    const endpoint = await this.stage.does(this.stage.operator.endpoint());
    const variants = endpoint?.ProductionVariants ?? [];
    const total = variants.reduce((sum, variant) => sum + (variant.CurrentWeight ?? 0), 0);
    const own = variants.find((variant) => variant.VariantName === champion?.arm.variant)?.CurrentWeight ?? 0;
    return total === 0 ? 0 : (100 * own) / total;
  }

  /** Takes every message out of a queue. */
  async drain(queue: 'EventsDlq' | 'SpoolQueue'): Promise<string[]> {
    const QueueUrl = this.world.resource(queue);
    const bodies: string[] = [];
    for (;;) {
      const { Messages = [] } = await this.call('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
      for (const { Body, ReceiptHandle } of Messages as { Body: string; ReceiptHandle: string }[]) {
        bodies.push(Body);
        await this.call('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle });
      }
      if (Messages.length === 0) return bodies;
    }
  }

  /** What the table holds, as one text: to show that nothing has changed. */
  async table(): Promise<string> {
    const { Items } = await this.call('dynamodb', 'Scan', { TableName: this.world.resource('RecordsTable') });
    return JSON.stringify((Items as object[]).map((item) => JSON.stringify(item)).sort());
  }

  /** Sum of a metric of one function since a moment, in CloudWatch. Metrics are late: lets some minutes pass first. */
  async metricSum(room: string, name: string, sinceMs: number): Promise<number> {
    await this.stage.pass(5);
    const { Datapoints } = await this.call('monitoring', 'GetMetricStatistics', {
      Namespace: 'Switchyard',
      MetricName: name,
      Dimensions: [{ Name: 'service', Value: room }],
      StartTime: new Date(sinceMs),
      EndTime: new Date(this.stage.nowMs + 60_000),
      Period: 60,
      Statistics: ['Sum'],
    });
    return (Datapoints as { Sum: number }[]).reduce((sum, point) => sum + point.Sum, 0);
  }

  /** Log lines of a function since a moment. */
  async logs(room: string, sinceMs: number): Promise<string> {
    const logGroupName = `/aws/lambda/switchyard-dev-${room}`;
    const { events } = await this.call('logs', 'FilterLogEvents', { logGroupName, startTime: sinceMs });
    return (events as { message: string }[]).map((event) => event.message).join('\n');
  }

  /** Puts an event with any detail on Switchyard's bus, as a caller who does not know the contract might. */
  async put(detailType: string, detail: unknown): Promise<void> {
    const entry = { EventBusName: this.world.resource('EventBus'), Source: 'switchyard', DetailType: detailType };
    await this.call('events', 'PutEvents', { Entries: [{ ...entry, Detail: JSON.stringify(detail) }] });
  }
}

export { ENDPOINT, MODEL };
