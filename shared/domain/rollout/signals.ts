import type { Decision } from '../judge/verdict.ts';

/** What can end a wait. Each is first a durable field on the rollout's record, then a wake-up. Times in ms since 1970. */
export type Signal =
  | { readonly kind: 'abort'; readonly atMs: number; readonly operator: string; readonly reason: string }
  | {
      readonly kind: 'alarm';
      readonly atMs: number;
      readonly alarmName: string;
      /** Whose alarm it is: only the challenger's may roll back, the champion's is recorded. */
      readonly about: 'challenger' | 'champion';
      readonly reason: string;
    }
  | { readonly kind: 'verdict'; readonly atMs: number; readonly decision: Decision; readonly reason: string }
  | { readonly kind: 'settled'; readonly atMs: number };

export type SignalKind = Signal['kind'];

/** Where the rollout stands, for telling old signals from new ones. */
export interface SignalWindow {
  readonly rolloutStartedAtMs: number;
  readonly stepStartedAtMs: number;
}

const precedence: readonly SignalKind[] = ['abort', 'alarm', 'verdict', 'settled'];

/**
 * Whether a signal still counts. Alarms, verdicts and settlements of an earlier step are ignored: the challenger's alarms
 * are read anew before each step. An abort stands for the whole rollout, since an operator who aborts while the endpoint
 * is changing must not be forgotten when the next step begins.
 */
export function isCurrent(signal: Signal, window: SignalWindow): boolean {
  const since = signal.kind === 'abort' ? window.rolloutStartedAtMs : window.stepStartedAtMs;
  return signal.atMs >= since;
}

/** Whether a signal can end a wait at all: a champion's alarm and an inconclusive verdict are only recorded. */
export function isDecisive(signal: Signal): boolean {
  if (signal.kind === 'alarm') return signal.about === 'challenger';
  if (signal.kind === 'verdict') return signal.decision !== 'INCONCLUSIVE';
  return true;
}

/**
 * The one signal that decides, whatever order they arrived in: abort before alarm before verdict before settled; among
 * verdicts ROLLBACK before ADVANCE; otherwise the earliest. Undefined when nothing decisive is there.
 */
export function decisiveSignal(signals: readonly Signal[], window: SignalWindow): Signal | undefined {
  const candidates = signals.filter((signal) => isDecisive(signal) && isCurrent(signal, window));
  return candidates.sort((one, other) => rank(one) - rank(other) || one.atMs - other.atMs)[0];
}

function rank(signal: Signal): number {
  const advance = signal.kind === 'verdict' && signal.decision === 'ADVANCE' ? 0.5 : 0;
  return precedence.indexOf(signal.kind) + advance;
}
