/** Every event that Switchyard publishes or accepts on its own bus. For tests, generators and documents; handlers import single contracts. */
import { type EventContract } from './contract.ts';
import { approvalRequested } from './release/approval-requested.v1.ts';
import { releaseEnded } from './release/release-ended.v1.ts';
import { retrainingRequested } from './retraining/retraining-requested.v1.ts';
import { retrainingStarted } from './retraining/retraining-started.v1.ts';
import { abortRequested } from './rollout/abort-requested.v1.ts';
import { lookDue } from './rollout/look-due.v1.ts';
import { rollbackRequested } from './rollout/rollback-requested.v1.ts';
import { rolloutEnded } from './rollout/rollout-ended.v1.ts';
import { rolloutStarted } from './rollout/rollout-started.v1.ts';
import { waitResolved } from './wait/wait-resolved.v1.ts';

export const eventCatalog: readonly EventContract<unknown>[] = [
  retrainingRequested,
  retrainingStarted,
  approvalRequested,
  releaseEnded,
  rolloutStarted,
  lookDue,
  abortRequested,
  rolloutEnded,
  rollbackRequested,
  waitResolved,
] as readonly EventContract<unknown>[];
