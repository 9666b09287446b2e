/** An alarm of the fleet changed its state: the challenger's stops its rollout, the champion's is written down. */
import { alarmMap, type GuardAlarm } from '../catalog/alarms.ts';
import { type Catalog } from '../catalog/catalog.ts';
import { type RealTimeModel } from '../catalog/model-definition.ts';
import { UnknownAlarm } from '../domain/flow-errors.ts';
import { type Clock } from '../ports/clock.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { type RolloutRecord, type RolloutStore, type StopSignal } from '../ports/rollout-store.ts';
import { restoreByLabels, type RestoreByLabelsDependencies } from './restore-by-labels.ts';
import { wakeUp, withStop } from './rollout-signals.ts';

export interface HandleGuardAlarmDependencies extends RestoreByLabelsDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly rollouts: RolloutStore;
  readonly events: EventPublisher;
  readonly clock: Clock;
}

export interface RaisedAlarm {
  /** The alarm itself, or those that made a composite alarm fire. */
  readonly alarmNames: readonly string[];
  readonly reason: string;
  /** When the alarm changed its state. */
  readonly atMs: number;
}

export interface AlarmResult {
  readonly stopped: readonly string[];
  readonly recorded: readonly string[];
}

const DETAIL_CHARACTERS_MAX = 500;

const isRealTime = (model: Catalog['models'][number]): model is RealTimeModel => model.endpointType === 'real-time';

function known(deps: HandleGuardAlarmDependencies, alarmNames: readonly string[]): GuardAlarm[] {
  const map = alarmMap(deps.stage, deps.catalog.models.filter(isRealTime));
  const found = alarmNames.map((name) => map.get(name)).filter((alarm) => alarm !== undefined);
  if (found.length === 0) throw new UnknownAlarm(alarmNames.join(', '));
  return found;
}

/** An alarm from before the alarms were read for the present share was seen there, and speaks of another share. */
function isOlderThanStep(record: RolloutRecord, atMs: number): boolean {
  return atMs < (record.alarmsReadAtMs ?? record.change?.requestedAtMs ?? record.startedAtMs);
}

function stopOf(deps: HandleGuardAlarmDependencies, alarm: GuardAlarm, raised: RaisedAlarm): StopSignal {
  const detail = `${alarm.alarmName}: ${raised.reason}`.slice(0, DETAIL_CHARACTERS_MAX);
  return { kind: 'ALARM', detail, by: alarm.alarmName, atMs: deps.clock.nowMs() };
}

async function apply(
  deps: HandleGuardAlarmDependencies,
  alarm: GuardAlarm,
  record: RolloutRecord,
  raised: RaisedAlarm,
): Promise<'stopped' | 'recorded'> {
  const nowMs = deps.clock.nowMs();
  const { detail } = stopOf(deps, alarm, raised);
  if (alarm.variant !== record.challenger.variant || isOlderThanStep(record, raised.atMs)) {
    const deed = {
      action: `alarm noted: ${detail}`,
      actor: 'handle-guard-alarm',
      intentAtMs: nowMs,
      outcome: 'recorded',
      outcomeAtMs: nowMs,
    };
    await deps.rollouts.change(record, (latest) =>
      latest.active ? { ...latest, deeds: [...latest.deeds, deed] } : undefined,
    );
    return 'recorded';
  }
  const stop = stopOf(deps, alarm, raised);
  const after = await deps.rollouts.change(record, (latest) => withStop(latest, stop));
  const wakeUps = wakeUp(after);
  if (wakeUps.length > 0) await deps.events.publish(wakeUps);
  return 'stopped';
}

/**
 * 1. The names are looked up in the generated map. 2. A rollout whose challenger the alarm is about is stopped. 3. Without the
 * table, the traffic is given back by the endpoint's labels and the record waits in the spool.
 * @throws UnknownAlarm when no name is in the catalog
 */
export async function handleGuardAlarm(deps: HandleGuardAlarmDependencies, raised: RaisedAlarm): Promise<AlarmResult> {
  const stopped: string[] = [];
  const recorded: string[] = [];
  const alarms = known(deps, raised.alarmNames);
  try {
    const active = await deps.rollouts.active();
    for (const alarm of alarms) {
      for (const record of active.filter((each) => each.model === alarm.model && each.kind !== 'FIRST_DEPLOYMENT')) {
        const list = (await apply(deps, alarm, record, raised)) === 'stopped' ? stopped : recorded;
        list.push(record.rolloutId);
      }
    }
  } catch (error) {
    if (!(error instanceof Error && error.name === 'StoreUnavailable')) throw error;
    for (const alarm of alarms) {
      const { model, endpoint, variant } = alarm;
      await restoreByLabels(deps, { model, endpoint, unlessVariant: variant, stop: stopOf(deps, alarm, raised) });
    }
  }
  return { stopped, recorded };
}
