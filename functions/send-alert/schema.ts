/** Input: `rollout.ended.v1` or `release.ended.v1`. */
import * as z from 'zod/mini';
import { incoming } from '../../events/contract.ts';
import { releaseEnded } from '../../events/release/release-ended.v1.ts';
import { rolloutEnded } from '../../events/rollout/rollout-ended.v1.ts';

export const input = z.union([incoming(rolloutEnded), incoming(releaseEnded)]);

export type Input = z.infer<typeof input>;
