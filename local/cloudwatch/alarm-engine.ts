/** All alarms of the account: evaluates them each virtual minute and announces their transitions. */
import { AwsError } from '../kernel/errors.ts';
import type { Timer } from '../kernel/clock.ts';
import type { CloudContext } from '../kernel/service.ts';
import { awsTimestamp, evaluateAlarm, evaluatesHourly, evaluationGrid, hasNoData } from './alarm-evaluation.ts';
import type { Alarm, AlarmConfiguration, AlarmState, CompositeAlarmConfiguration } from './alarm-model.ts';
import { AlarmHistory } from './alarm-history.ts';
import { alarmsOf, ruleHolds } from './alarm-rule.ts';
import { emitStateChange, eventConfiguration, performActions } from './alarm-transitions.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import type { MetricStore } from './metric-store.ts';
import { evaluateQuery, validationFailure } from './queries.ts';

/** `Friday 22 July, 2022 15:57:45 UTC`, as composite alarms write it. */
function longTime(epochMs: number): string {
  const date = new Date(epochMs);
  const part = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat('en-US', { timeZone: 'UTC', ...options }).format(date);
  const day = String(date.getUTCDate()).padStart(2, '0');
  return `${part({ weekday: 'long' })} ${day} ${part({ month: 'long' })}, ${date.getUTCFullYear()} ${date.toISOString().slice(11, 19)} UTC`;
}

export class AlarmEngine {
  readonly history = new AlarmHistory();
  readonly #cloud: CloudContext;
  readonly #store: MetricStore;
  readonly #alarms = new Map<string, Alarm>();
  #timer: Timer | undefined;

  constructor(cloud: CloudContext, store: MetricStore) {
    this.#cloud = cloud;
    this.#store = store;
  }

  get(name: string): Alarm | undefined {
    return this.#alarms.get(name);
  }

  /** Ordered by name, as AWS lists them. */
  list(): Alarm[] {
    return [...this.#alarms.values()].sort((a, b) => (a.configuration.name < b.configuration.name ? -1 : 1));
  }

  arnOf(name: string): string {
    return `arn:aws:cloudwatch:${this.#cloud.region}:${this.#cloud.accountId}:alarm:${name}`;
  }

  /** Creates or overwrites an alarm; an existing one keeps its state. */
  put(configuration: AlarmConfiguration): void {
    this.#check(configuration);
    const nowMs = this.#cloud.kernel.clock.now();
    const existing = this.#alarms.get(configuration.name);
    if (existing && existing.configuration.kind !== configuration.kind) {
      throw validationFailure(`An alarm named ${configuration.name} of the other type exists already; delete it first`);
    }
    const alarm = existing ?? this.#newAlarm(configuration, nowMs);
    alarm.configuration = configuration;
    alarm.configurationUpdatedMs = nowMs;
    alarm.idle = false;
    this.#alarms.set(configuration.name, alarm);
    this.#announceConfiguration(alarm, existing ? 'update' : 'create');
    this.#arm();
    if (configuration.kind === 'composite') this.#evaluateComposite(alarm, configuration, undefined);
  }

  /** @throws AwsError ResourceNotFound, or ValidationError while a composite alarm depends on one of them; then none is deleted */
  delete(names: readonly string[]): void {
    for (const name of names) {
      if (!this.#alarms.has(name))
        throw new AwsError('ResourceNotFound', `Alarm not found: ${name}`, { statusCode: 404 });
      const parent = this.parentsOf(name).find((other) => !names.includes(other.configuration.name));
      if (parent) throw validationFailure(`Cannot delete ${name} as there are composite alarm(s) depending on it.`);
    }
    for (const name of names) {
      const alarm = this.#alarms.get(name);
      if (alarm) this.#announceConfiguration(alarm, 'delete');
      this.#alarms.delete(name);
    }
    if (this.#alarms.size === 0) this.#timer?.cancel();
  }

  parentsOf(name: string): Alarm[] {
    return this.list().filter(
      ({ configuration }) => configuration.kind === 'composite' && alarmsOf(configuration.rule).includes(name),
    );
  }

  /** Puts an alarm into a state by hand; the next evaluation corrects it. */
  setState(name: string, state: Omit<AlarmState, 'timestampMs'>): void {
    const alarm = this.#alarms.get(name);
    if (!alarm) throw new AwsError('ResourceNotFound', `Alarm not found: ${name}`, { statusCode: 404 });
    this.#enter(alarm, { ...state, timestampMs: this.#cloud.kernel.clock.now() });
  }

  enableActions(names: readonly string[], enabled: boolean): void {
    for (const name of names) {
      const alarm = this.#alarms.get(name);
      if (alarm) alarm.configuration = { ...alarm.configuration, actionsEnabled: enabled };
    }
  }

  #newAlarm(configuration: AlarmConfiguration, nowMs: number): Alarm {
    return {
      arn: this.arnOf(configuration.name),
      configuration,
      configurationUpdatedMs: nowMs,
      state: { value: 'INSUFFICIENT_DATA', reason: 'Unchecked: Initial alarm creation', timestampMs: nowMs },
      transitionedMs: nowMs,
      idle: false,
    };
  }

  #check(configuration: AlarmConfiguration): void {
    if (configuration.kind === 'metric') {
      const grid = { startMs: 0, periodSeconds: configuration.periodSeconds, length: 1 };
      const value = evaluateQuery(this.#store, configuration.watched, configuration.queries, grid);
      if (value.kind !== 'series') {
        throw validationFailure(
          `Error in expression '${configuration.watched.id}': an alarm needs a single time series, not ${value.kind}`,
        );
      }
      return;
    }
    const missing = alarmsOf(configuration.rule).filter(
      (name) => !this.#alarms.has(name) && name !== configuration.name,
    );
    if (missing.length > 0) {
      throw validationFailure(
        `Could not save the composite alarm as alarms [${missing.join(', ')}] in the alarm rule do not exist`,
      );
    }
    if (this.#reaches(configuration, configuration.name)) {
      throw validationFailure(
        `Could not save the composite alarm ${configuration.name}: its rule leads back to itself`,
      );
    }
  }

  #reaches(configuration: CompositeAlarmConfiguration, target: string): boolean {
    return alarmsOf(configuration.rule).some((name) => {
      const child = this.#alarms.get(name)?.configuration;
      return name === target || (child?.kind === 'composite' && this.#reaches(child, target));
    });
  }

  #arm(): void {
    if (this.#timer && !this.#timer.done) return;
    const { clock } = this.#cloud.kernel;
    const everyMs = SLOWNESS.alarmEvaluationMs;
    const nextMs = (Math.floor(clock.now() / everyMs) + 1) * everyMs;
    this.#timer = clock.at(nextMs, 'alarm evaluation', () => {
      this.#evaluateAll();
      if (this.#alarms.size > 0) this.#arm();
    });
  }

  #evaluateAll(): void {
    const nowMs = this.#cloud.kernel.clock.now();
    for (const alarm of this.#alarms.values()) {
      const { configuration } = alarm;
      if (configuration.kind !== 'metric') continue;
      if (alarm.idle && hasNoData(this.#store, configuration, evaluationGrid(configuration, nowMs))) continue;
      if (evaluatesHourly(configuration) && nowMs % 3_600_000 !== 0) continue;
      const evaluation = evaluateAlarm(this.#store, configuration, alarm.state.value, nowMs);
      alarm.idle = evaluation.empty;
      if (evaluation.value === 'RETAIN' || evaluation.value === alarm.state.value) continue;
      const { value, reason, reasonData } = evaluation;
      const idle = alarm.idle;
      this.#enter(alarm, { value, reason, reasonData, timestampMs: nowMs });
      alarm.idle = idle;
    }
    // Composites set by hand come back to what their rule says.
    for (const alarm of this.#alarms.values()) {
      if (alarm.configuration.kind === 'composite') this.#evaluateComposite(alarm, alarm.configuration, undefined);
    }
  }

  #enter(alarm: Alarm, state: AlarmState): void {
    const previous = alarm.state;
    alarm.state = state;
    alarm.idle = false;
    if (previous.value === state.value) return;
    alarm.transitionedMs = state.timestampMs;
    const { name } = alarm.configuration;
    this.#cloud.kernel.trace(`cloudwatch alarm ${name} ${previous.value} -> ${state.value}`);
    this.history.stateChanged(alarm, previous);
    emitStateChange(this.#cloud, alarm, previous);
    performActions(this.#cloud, alarm, previous, (action, failure) => {
      this.history.actionPerformed(alarm, action, failure, this.#cloud.kernel.clock.now());
    });
    for (const parent of this.parentsOf(name)) {
      if (parent.configuration.kind === 'composite') this.#evaluateComposite(parent, parent.configuration, alarm);
    }
  }

  #evaluateComposite(alarm: Alarm, configuration: CompositeAlarmConfiguration, trigger: Alarm | undefined): void {
    const stateOf = (name: string): string | undefined => this.#alarms.get(name)?.state.value;
    const value = ruleHolds(configuration.rule, stateOf) ? 'ALARM' : 'OK';
    if (value === alarm.state.value) return;
    const children = alarmsOf(configuration.rule).flatMap((name) => this.#alarms.get(name) ?? []);
    const newest = children.reduce<Alarm | undefined>(
      (a, b) => (a && a.transitionedMs >= b.transitionedMs ? a : b),
      undefined,
    );
    const cause = trigger ?? newest;
    const reason = cause
      ? `${cause.arn} transitioned to ${cause.state.value} at ${longTime(cause.transitionedMs)}`
      : `The alarm rule is ${value === 'ALARM' ? 'TRUE' : 'FALSE'}`;
    const triggeringAlarms = cause
      ? [{ arn: cause.arn, state: { value: cause.state.value, timestamp: awsTimestamp(cause.transitionedMs) } }]
      : [];
    const timestampMs = this.#cloud.kernel.clock.now();
    this.#enter(alarm, { value, reason, reasonData: JSON.stringify({ triggeringAlarms }), timestampMs });
  }

  #announceConfiguration(alarm: Alarm, operation: 'create' | 'update' | 'delete'): void {
    const { configuration } = alarm;
    const timestampMs = this.#cloud.kernel.clock.now();
    this.history.configurationChanged(alarm, operation, timestampMs);
    this.#cloud.emit({
      source: 'aws.cloudwatch',
      detailType: 'CloudWatch Alarm Configuration Change',
      resources: [alarm.arn],
      detail: {
        alarmName: configuration.name,
        operation,
        state: { value: alarm.state.value, timestamp: awsTimestamp(alarm.state.timestampMs) },
        configuration: {
          ...(configuration.kind === 'metric'
            ? {
                evaluationPeriods: configuration.evaluationPeriods,
                threshold: configuration.threshold,
                comparisonOperator: configuration.comparison,
                treatMissingData: configuration.treatMissingData,
              }
            : {}),
          ...eventConfiguration(configuration),
          alarmName: configuration.name,
          actionsEnabled: configuration.actionsEnabled,
          timestamp: awsTimestamp(alarm.configurationUpdatedMs),
          okActions: configuration.okActions,
          alarmActions: configuration.alarmActions,
          insufficientDataActions: configuration.insufficientDataActions,
        },
      },
    });
  }
}
