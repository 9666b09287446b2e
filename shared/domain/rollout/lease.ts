import { InvalidInput, StaleEpoch } from '../errors.ts';

/** Who may change an endpoint. Every mutation carries the epoch; a smaller epoch has no lasting effect. */
export interface Lease {
  /** The execution that holds it. */
  readonly owner: string;
  /** Rises by one with every new holder, from 1. */
  readonly epoch: number;
  /** When a look last completed, in milliseconds since 1970. */
  readonly heartbeatAtMs: number;
}

/** A heartbeat older than this allows a take-over. */
export const heartbeatTtlMs = 5 * 60_000;

/** A free lease, or the answer why it is not free. */
export type TakeOver =
  | { readonly allowed: true; readonly because: 'HEARTBEAT_TOO_OLD' | 'EXECUTION_NOT_RUNNING' }
  | { readonly allowed: false; readonly heartbeatAgeMs: number };

/**
 * Another execution may take over when the holder's heartbeat is over five minutes old or its execution does not run. An
 * unknown state of the execution counts as running: two writers are worse than a wait. A heartbeat from the future
 * (clocks differ) is young.
 */
export function mayTakeOver(lease: Lease, nowMs: number, executionRunning: boolean | undefined): TakeOver {
  if (executionRunning === false) return { allowed: true, because: 'EXECUTION_NOT_RUNNING' };
  const heartbeatAgeMs = nowMs - lease.heartbeatAtMs;
  if (Number.isNaN(heartbeatAgeMs)) {
    throw new InvalidInput('lease.heartbeatAtMs', lease.heartbeatAtMs, 'not a time', 'Store milliseconds since 1970');
  }
  if (heartbeatAgeMs > heartbeatTtlMs) return { allowed: true, because: 'HEARTBEAT_TOO_OLD' };
  return { allowed: false, heartbeatAgeMs };
}

/** @throws StaleEpoch unless `epoch` is the lease's own. */
export function requireCurrentEpoch(epoch: number, lease: Pick<Lease, 'epoch'>): void {
  if (epoch !== lease.epoch) throw new StaleEpoch(epoch, lease.epoch);
}
