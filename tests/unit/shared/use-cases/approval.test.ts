/** A person's decision: the first wins, once, in time, and only for what it was bound to. */
import { describe, expect, it } from '@jest/globals';
import { newCatalog } from '../../../../shared/catalog/catalog.ts';
import { type ReleaseRecord } from '../../../../shared/ports/release-store.ts';
import { closeRelease } from '../../../../shared/use-cases/close-release.ts';
import { confirmApproval } from '../../../../shared/use-cases/confirm-approval.ts';
import { recordApproval } from '../../../../shared/use-cases/record-approval.ts';
import { requestApproval } from '../../../../shared/use-cases/request-approval.ts';
import { aChampion, anArm, aRelease, aVersion, versionOf } from '../../../support/builders/records.ts';
import { challengerPromoted, championServing, RELEASE_REF } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { ENDPOINT, MODEL, type World } from '../../../support/in-memory/world.ts';

/** A release of version 7 that nobody has decided on, bound to what stands now. */
function undecided(changed: Partial<ReleaseRecord> = {}): World {
  const world = championServing();
  const policyDigest = world.sha256(JSON.stringify(world.catalog.model(MODEL)));
  const record = aRelease(changed);
  world.cells.releases.put(`${MODEL}/${MODEL}-v7`, { ...record, binding: { ...record.binding, policyDigest } });
  world.registry.versions.set(versionOf(7), aVersion(7, { approval: 'PENDING' }));
  return world;
}

const releaseOf = (world: World) => world.releases.get(RELEASE_REF);
const said = (status: 'APPROVED' | 'REJECTED') => ({
  group: ENDPOINT,
  version: versionOf(7),
  versionNumber: 7,
  status,
});

/** A person decides in the registry, and its event arrives. */
async function decide(world: World, status: 'APPROVED' | 'REJECTED', reason = 'because'): Promise<void> {
  world.registry.decide(versionOf(7), status, reason);
  await recordApproval(world, said(status));
}

const TTL_MS = aRelease().expiresAtMs - aRelease().requestedAtMs;

describe('asking for a decision', () => {
  it('stores the token and tells people, without the token', async () => {
    const world = undecided({ reports: { preflight: { undecidedShare: 0.03 } } });
    await requestApproval(world, RELEASE_REF, 'secret');
    expect((await releaseOf(world)).wait).toMatchObject({ wait: 'approval', token: 'secret' });
    expect(world.events.of('release.approval-requested')).toEqual([
      {
        ...RELEASE_REF,
        version: versionOf(7),
        champion: versionOf(6),
        expiresAt: expect.stringMatching(/^2026-01-05T14:00:00(\.000)?Z$/),
        undecidedShare: 0.03,
      },
    ]);
    expect(JSON.stringify(world.events.published)).not.toContain('secret');
  });

  it('the token is stored before anybody is told', async () => {
    const world = undecided();
    world.faults.fail('events.publish', new Error('down'));
    await expect(requestApproval(world, RELEASE_REF, 'secret')).rejects.toThrow('down');
    expect((await releaseOf(world)).wait?.token).toBe('secret');
  });

  it.each([
    ['a stored decision', { decision: { status: 'REJECTED' as const, by: '', reason: '', atMs: 0 } }],
    ['a newer candidate', { supersededBy: versionOf(8) }],
  ])('needs no wait after %s', async (_name, changed) => {
    const world = undecided(changed);
    await expect(requestApproval(world, RELEASE_REF, 't')).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
    expect((await releaseOf(world)).wait).toBeUndefined();
    expect(world.events.published).toEqual([]);
  });

  it('takes a decision that was made in the registry before this release existed', async () => {
    const world = undecided();
    world.registry.decide(versionOf(7), 'APPROVED', 'already fine');
    await expect(requestApproval(world, RELEASE_REF, 't')).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
    expect((await releaseOf(world)).decision).toMatchObject({ status: 'APPROVED', reason: 'already fine' });
  });

  it('a decision that arrives while the wait is being registered is not lost', async () => {
    for (const point of ['registry.describe', 'releases.change', 'releases.change.write']) {
      const world = undecided();
      world.faults.meanwhile(point, () => decide(world, 'APPROVED'), 'before');
      await expect(requestApproval(world, RELEASE_REF, 't')).rejects.toMatchObject({ name: 'SignalAlreadyThere' });
    }
  });

  it('knows its releases', async () => {
    await expect(requestApproval(undecided(), { ...RELEASE_REF, releaseId: 'none' }, 't')).rejects.toMatchObject({
      name: 'UnknownRelease',
    });
  });
});

describe('a decision in the registry', () => {
  it('is stored with its reason and wakes the release', async () => {
    const world = undecided();
    await requestApproval(world, RELEASE_REF, 'secret');
    await decide(world, 'APPROVED', 'looks good');
    expect((await releaseOf(world)).decision).toEqual({
      status: 'APPROVED',
      by: 'registry',
      reason: 'looks good',
      atMs: world.clock.nowMs(),
    });
    expect(world.events.of('wait.resolved')).toEqual([
      { subject: 'release', model: MODEL, id: RELEASE_REF.releaseId, wait: 'approval' },
    ]);
  });

  it('that is delivered twice is one', async () => {
    const world = undecided();
    await decide(world, 'APPROVED', 'first');
    const first = await releaseOf(world);
    world.clock.advanceMinutes(1);
    await recordApproval(world, said('APPROVED'));
    expect(await releaseOf(world)).toEqual(first);
  });

  it('of two in the same instant exactly one wins', async () => {
    const world = undecided();
    world.faults.meanwhile('releases.change.write', () => recordApproval(world, said('REJECTED')));
    await recordApproval(world, said('APPROVED'));
    const { decision, revoked } = await releaseOf(world);
    expect(decision?.status).toBe('REJECTED');
    expect(revoked).toBeUndefined();
  });

  it('an approval after a rejection changes nothing; a rejection after an approval revokes it, once', async () => {
    const rejected = undecided();
    await decide(rejected, 'REJECTED');
    await decide(rejected, 'APPROVED');
    expect((await releaseOf(rejected)).decision?.status).toBe('REJECTED');
    const approved = undecided();
    await decide(approved, 'APPROVED');
    await decide(approved, 'REJECTED');
    const { revoked } = await releaseOf(approved);
    expect(revoked).toEqual({ by: 'registry', atMs: approved.clock.nowMs() });
    approved.clock.advanceMinutes(1);
    await decide(approved, 'REJECTED');
    expect((await releaseOf(approved)).revoked).toEqual(revoked);
    expect((await releaseOf(approved)).decision?.status).toBe('APPROVED');
  });

  it.each([
    [-1, 'APPROVED'],
    [0, undefined],
    [1, undefined],
  ])('%i ms from the time limit', async (offsetMs, status) => {
    const world = undecided();
    world.clock.advanceMs(TTL_MS + offsetMs);
    await decide(world, 'APPROVED');
    expect((await releaseOf(world)).decision?.status).toBe(status);
  });

  it('without a reason says so', async () => {
    const world = undecided();
    await recordApproval(world, said('REJECTED'));
    expect((await releaseOf(world)).decision?.reason).toBe('no reason given');
  });

  it('of an unknown group or release is refused by name', async () => {
    await expect(recordApproval(undecided(), { ...said('APPROVED'), group: 'x' })).rejects.toMatchObject({
      name: 'UnknownModel',
    });
    await expect(recordApproval(undecided(), { ...said('APPROVED'), versionNumber: 8 })).rejects.toMatchObject({
      name: 'UnknownRelease',
    });
  });

  it('is stored though the wake-up is lost', async () => {
    const world = undecided();
    await requestApproval(world, RELEASE_REF, 't');
    world.faults.fail('events.publish', new Error('down'));
    await expect(decide(world, 'APPROVED')).rejects.toThrow('down');
    expect((await releaseOf(world)).decision?.status).toBe('APPROVED');
  });
});

describe('after the wait', () => {
  it('an approval stands while all it was bound to stands', async () => {
    const world = undecided({ wait: { wait: 'approval', token: 't', registeredAtMs: 0 } });
    await decide(world, 'APPROVED', 'good');
    expect(await confirmApproval(world, RELEASE_REF)).toEqual({ status: 'APPROVED', reason: 'good' });
    expect((await releaseOf(world)).wait).toBeUndefined();
    expect(await confirmApproval(world, RELEASE_REF)).toEqual({ status: 'APPROVED', reason: 'good' });
  });

  it('a rejection is a rejection', async () => {
    const world = undecided();
    await decide(world, 'REJECTED', 'too slow');
    expect(await confirmApproval(world, RELEASE_REF)).toEqual({ status: 'REJECTED', reason: 'too slow' });
  });

  it('nobody having decided in time is stored as expired, and stays so', async () => {
    const world = undecided();
    world.clock.advanceMs(TTL_MS);
    expect(await confirmApproval(world, RELEASE_REF)).toMatchObject({ status: 'EXPIRED' });
    await decide(world, 'APPROVED');
    expect(await confirmApproval(world, RELEASE_REF)).toMatchObject({ status: 'EXPIRED' });
  });

  it('at the time limit exactly one of decision and expiry wins', async () => {
    const world = undecided();
    world.clock.advanceMs(TTL_MS - 1);
    const late = async (): Promise<void> => {
      await decide(world, 'APPROVED');
      world.clock.advanceMs(1);
    };
    world.faults.meanwhile('releases.change', late);
    expect(await confirmApproval(world, RELEASE_REF)).toMatchObject({ status: 'APPROVED' });
  });

  it('a token that somebody completed is no decision', async () => {
    await expect(confirmApproval(undecided(), RELEASE_REF)).rejects.toMatchObject({ name: 'DecisionMissing' });
  });

  it('a superseded release is void, even though approved', async () => {
    const world = undecided({ supersededBy: versionOf(8) });
    await decide(world, 'APPROVED');
    expect(await confirmApproval(world, RELEASE_REF)).toEqual({
      status: 'VOID',
      reason: `superseded by ${versionOf(8)}`,
    });
  });

  it.each<[string, (world: World) => World | void]>([
    ['the champion is now', (world) => world.cells.champions.put(MODEL, aChampion({ arm: anArm('green', 5) }))],
    [
      'the artifact has changed',
      (world) => void world.registry.versions.set(versionOf(7), aVersion(7, { metadata: { artifactDigest: 'other' } })),
    ],
    ['the registry says REJECTED', (world) => world.registry.decide(versionOf(7), 'REJECTED')],
    ['the registry says PENDING', (world) => world.registry.decide(versionOf(7), 'PENDING')],
    [
      'the policy has changed',
      (world) => ({
        ...world,
        catalog: newCatalog(
          world.catalog.models.map((each) => (each.name === MODEL ? { ...each, purpose: 'another' } : each)),
        ),
      }),
    ],
  ])('an approval is void when %s', async (reason, change) => {
    const world = undecided();
    await decide(world, 'APPROVED');
    const changed = change(world) ?? world;
    expect(await confirmApproval(changed, RELEASE_REF)).toEqual({
      status: 'VOID',
      reason: expect.stringContaining(reason),
    });
  });

  it('with the table down there is no approval', async () => {
    const world = undecided();
    takeTableDown(world.faults);
    await expect(confirmApproval(world, RELEASE_REF)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('the end of a release', () => {
  const ending = { ...RELEASE_REF, version: versionOf(7), versionNumber: 7, reason: 'why' };
  it.each([
    ['PROMOTED', 'Production', false],
    ['ROLLED_BACK', 'RolledBack', true],
    ['REFUSED', 'Refused', true],
    ['REJECTED', 'Refused', true],
    ['EXPIRED', 'Refused', true],
    ['FAILED', 'Refused', true],
  ] as const)('%s is stored, shown and told', async (outcome, stage, deleted) => {
    const world = undecided();
    await closeRelease(world, { ...ending, outcome });
    expect(await releaseOf(world)).toMatchObject({ outcome, reason: 'why', endedAtMs: world.clock.nowMs() });
    expect(world.registry.stages.get(versionOf(7))).toBe(stage);
    expect(world.platform.deleted).toEqual(deleted ? [`${ENDPOINT}-v7`] : []);
    expect(world.events.of('release.ended')).toEqual([expect.objectContaining({ outcome, reason: 'why' })]);
  });

  it('the first outcome stays', async () => {
    const world = undecided();
    await closeRelease(world, { ...ending, outcome: 'REJECTED' });
    await closeRelease(world, { ...ending, outcome: 'FAILED' });
    expect((await releaseOf(world)).outcome).toBe('REJECTED');
  });

  it('what is told twice is the same', async () => {
    const world = undecided();
    await closeRelease(world, { ...ending, outcome: 'REJECTED' });
    await closeRelease(world, { ...ending, outcome: 'FAILED', reason: 'other' });
    expect(world.events.of('release.ended').map((each) => each['outcome'])).toEqual(['REJECTED', 'REJECTED']);
  });

  it('people are told of a candidate that was refused at the door', async () => {
    const world = championServing();
    await closeRelease(world, { ...ending, outcome: 'REFUSED' });
    expect(world.events.of('release.ended')).toHaveLength(1);
  });

  it('people are told even when the registry does not know the version', async () => {
    const world = championServing();
    await closeRelease(world, { ...ending, version: versionOf(99), outcome: 'FAILED' }).catch((error: unknown) =>
      expect(error).toMatchObject({ name: 'UnknownVersion' }),
    );
    expect(world.events.of('release.ended')).toHaveLength(1);
  });

  it("a version of another group is refused without a mark in the other group's registry", async () => {
    const world = championServing();
    world.registry.versions.set('foreign', aVersion(7, { version: 'foreign', group: 'dev-dynamic-pricing' }));
    await closeRelease(world, { ...ending, version: 'foreign', outcome: 'REFUSED' });
    expect(world.registry.stages.has('foreign')).toBe(false);
    expect(world.events.of('release.ended')).toHaveLength(1);
  });

  it('never deletes what serves or is kept warm', async () => {
    for (const number of [6, 7]) {
      const world = challengerPromoted();
      const id = { model: MODEL, releaseId: `${MODEL}-v${number}`, version: versionOf(number), versionNumber: number };
      await closeRelease(world, { ...id, outcome: 'FAILED', reason: 'late' });
      expect(world.platform.deleted).toEqual([]);
    }
  });

  it('long reasons are cut', async () => {
    const world = undecided();
    await closeRelease(world, { ...ending, outcome: 'FAILED', reason: 'x'.repeat(5_000) });
    expect((await releaseOf(world)).reason).toHaveLength(1_000);
  });
});
