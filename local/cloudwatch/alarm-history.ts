/** DescribeAlarmHistory: configuration changes, transitions and actions, kept for 30 days as AWS does. */
import { asEpochMs, asNumber } from '../kernel/coerce.ts';
import { UnsupportedFeature } from '../kernel/errors.ts';
import type { WireInput } from '../kernel/service.ts';
import { awsTimestamp } from './alarm-evaluation.ts';
import type { Alarm, AlarmState } from './alarm-model.ts';
import { pageOffset, pageToken } from './reading.ts';

const KEPT_MS = 30 * 86_400_000;

interface HistoryItem {
  readonly alarmName: string;
  readonly alarmType: 'MetricAlarm' | 'CompositeAlarm';
  readonly timestampMs: number;
  readonly kind: 'ConfigurationUpdate' | 'StateUpdate' | 'Action';
  readonly summary: string;
  readonly data: object;
}

const OPERATION_WORDS = { create: 'created', update: 'updated', delete: 'deleted' } as const;

const stateData = (state: AlarmState): object => ({
  stateValue: state.value,
  stateReason: state.reason,
  ...(state.reasonData === undefined ? {} : { stateReasonData: JSON.parse(state.reasonData) as unknown }),
});

export class AlarmHistory {
  readonly #items: HistoryItem[] = [];

  configurationChanged(alarm: Alarm, operation: 'create' | 'update' | 'delete', nowMs: number): void {
    this.#add(
      alarm,
      nowMs,
      'ConfigurationUpdate',
      `Alarm "${alarm.configuration.name}" ${OPERATION_WORDS[operation]}`,
      {
        version: '1.0',
        type: operation === 'create' ? 'Create' : operation === 'update' ? 'Update' : 'Delete',
      },
    );
  }

  stateChanged(alarm: Alarm, previous: AlarmState): void {
    const { state } = alarm;
    this.#add(alarm, state.timestampMs, 'StateUpdate', `Alarm updated from ${previous.value} to ${state.value}`, {
      version: '1.0',
      oldState: stateData(previous),
      newState: stateData(state),
    });
  }

  actionPerformed(alarm: Alarm, action: string, failure: unknown, nowMs: number): void {
    const state = failure === undefined ? 'Succeeded' : 'Failed';
    const error =
      failure === undefined ? {} : { error: failure instanceof Error ? failure.message : JSON.stringify(failure) };
    const words = failure === undefined ? 'Successfully executed' : 'Failed to execute';
    this.#add(alarm, nowMs, 'Action', `${words} action ${action}`, {
      actionState: state,
      notificationResource: action,
      stateUpdateTimestamp: awsTimestamp(alarm.state.timestampMs),
      ...error,
    });
  }

  describe(input: WireInput, nowMs: number): object {
    if (input.AlarmContributorId !== undefined) throw new UnsupportedFeature('DescribeAlarmHistory AlarmContributorId');
    const startMs = input.StartDate === undefined ? -Infinity : asEpochMs(input.StartDate, 'StartDate');
    const endMs = input.EndDate === undefined ? Infinity : asEpochMs(input.EndDate, 'EndDate');
    const types = (input.AlarmTypes as string[] | undefined) ?? ['MetricAlarm'];
    const found = this.#items.filter(
      (item) =>
        item.timestampMs >= Math.max(startMs, nowMs - KEPT_MS) &&
        item.timestampMs <= endMs &&
        (input.AlarmName === undefined ? types.includes(item.alarmType) : item.alarmName === input.AlarmName) &&
        (input.HistoryItemType === undefined || item.kind === input.HistoryItemType),
    );
    if (input.ScanBy !== 'TimestampAscending') found.reverse();
    const from = pageOffset(input.NextToken);
    const most = input.MaxRecords === undefined ? 100 : asNumber(input.MaxRecords, 'MaxRecords');
    return {
      AlarmHistoryItems: found.slice(from, from + most).map((item) => ({
        AlarmName: item.alarmName,
        AlarmType: item.alarmType,
        Timestamp: new Date(item.timestampMs),
        HistoryItemType: item.kind,
        HistorySummary: item.summary,
        HistoryData: JSON.stringify(item.data),
      })),
      NextToken: from + most < found.length ? pageToken(from + most) : undefined,
    };
  }

  #add(alarm: Alarm, timestampMs: number, kind: HistoryItem['kind'], summary: string, data: object): void {
    const alarmType = alarm.configuration.kind === 'metric' ? 'MetricAlarm' : 'CompositeAlarm';
    this.#items.push({ alarmName: alarm.configuration.name, alarmType, timestampMs, kind, summary, data });
  }
}
