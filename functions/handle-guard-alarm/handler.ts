/** An alarm that guards an endpoint changed its state. */
import { newParsedHandler } from '../../shared/runtime/handler.ts';
import { type Telemetry } from '../../shared/runtime/telemetry.ts';
import { handleGuardAlarm, type HandleGuardAlarmDependencies } from '../../shared/use-cases/handle-guard-alarm.ts';
import { type AlarmStateChange, alarmStateChange } from '../../events/aws/alarm-state-change.ts';
import { type RaisedAlarm } from '../../shared/use-cases/handle-guard-alarm.ts';

export interface Dependencies extends HandleGuardAlarmDependencies {
  readonly telemetry: Telemetry;
}

interface ReasonData {
  readonly triggeringAlarms?: readonly { readonly arn: string; readonly state: { readonly value: string } }[];
}

/** A composite alarm names those that made it fire in its reason data; a single one is its own. */
function toRaised({ detail }: AlarmStateChange): RaisedAlarm {
  const data = JSON.parse(detail.state.reasonData ?? '{}') as ReasonData;
  const triggering = (data.triggeringAlarms ?? [])
    .filter((alarm) => alarm.state.value === 'ALARM')
    .map((alarm) => alarm.arn.split(':').at(-1) ?? '');
  const alarmNames = triggering.length > 0 ? triggering : [detail.alarmName];
  // CloudWatch writes `+0000` where ISO 8601 has `+00:00`.
  const atMs = Date.parse(detail.state.timestamp.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return { alarmNames, reason: detail.state.reason ?? 'no reason given', atMs };
}

export function newHandler(deps: Dependencies) {
  return newParsedHandler(deps.telemetry, { input: alarmStateChange }, async (event) => {
    return handleGuardAlarm(deps, toRaised(event));
  });
}
