/** Keys of the records table; one place. Every key begins with region and stage. */
import { type RecordKey } from './records-table.ts';

export interface Scope {
  readonly region: string;
  readonly stage: string;
}

const LOOK_DIGITS = 6;

const scoped = (scope: Scope): string => `${scope.region}#${scope.stage}`;
const model = (scope: Scope, name: string): string => `${scoped(scope)}#${name}`;

export const leaseKey = (scope: Scope, name: string): RecordKey => ({ pk: model(scope, name), sk: 'LEASE' });
export const championKey = (scope: Scope, name: string): RecordKey => ({ pk: model(scope, name), sk: 'CHAMPION' });
export const rolloutKey = (scope: Scope, name: string, id: string): RecordKey => ({
  pk: model(scope, name),
  sk: `ROLLOUT#${id}`,
});
export const releaseKey = (scope: Scope, name: string, id: string): RecordKey => ({
  pk: model(scope, name),
  sk: `RELEASE#${id}`,
});
/** Looks have a partition of their own: they are many, and read together. */
export const looksPartition = (scope: Scope, name: string, id: string): string => `${model(scope, name)}#LOOKS#${id}`;
export const lookKey = (scope: Scope, name: string, id: string, look: number): RecordKey => ({
  pk: looksPartition(scope, name, id),
  sk: `LOOK#${String(look).padStart(LOOK_DIGITS, '0')}`,
});

export const activeRollouts = (scope: Scope): string => `${scoped(scope)}#rollouts`;
export const openReleases = (scope: Scope): string => `${scoped(scope)}#releases`;
export const allChampions = (scope: Scope): string => `${scoped(scope)}#champions`;
