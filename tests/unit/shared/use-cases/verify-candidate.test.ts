/** Before anybody is asked: registration, gates, pre-flight; and what the decision will be bound to. */
import { describe, expect, it } from '@jest/globals';
import { newCatalog } from '../../../../shared/catalog/catalog.ts';
import { type RealTimeModel } from '../../../../shared/catalog/model-definition.ts';
import { type Candidate, verifyCandidate } from '../../../../shared/use-cases/verify-candidate.ts';
import { aRelease, aVersion, versionOf } from '../../../support/builders/records.ts';
import { championServing, RELEASE_REF } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { MODEL, newWorld, type World } from '../../../support/in-memory/world.ts';

const CANDIDATE: Candidate = {
  ...RELEASE_REF,
  version: versionOf(7),
  versionNumber: 7,
  executionArn: 'arn:aws:states:x:1:execution:model-release:v7',
};
const GOOD = { regression_metrics: { mape: { value: 0.15 } }, mae_relative_to_naive: { value: 0.8 } };

/** The registry holds version 7 with this report. */
function registered(report: unknown = GOOD, world: World = championServing()): World {
  world.registry.versions.set(versionOf(7), aVersion(7, { approval: 'PENDING' }));
  world.documents.texts.set('memory://reports/v7.json', JSON.stringify(report));
  return world;
}

/** The catalog with another row for the model. */
function catalogWith(change: (model: RealTimeModel) => RealTimeModel) {
  const catalog = newCatalog();
  return newCatalog(catalog.models.map((each) => (each.name === MODEL ? change(catalog.realTime(MODEL)) : each)));
}

describe('a good candidate', () => {
  it('is recorded, bound to version, digests, policy and champion', async () => {
    const world = registered();
    expect(await verifyCandidate(world, CANDIDATE)).toEqual({
      endpointType: 'real-time',
      champion: versionOf(6),
    });
    const release = await world.releases.get(RELEASE_REF);
    expect(release.binding).toEqual({
      version: versionOf(7),
      artifactDigest: 'artifact-7',
      evaluationDigest: world.sha256(JSON.stringify(GOOD)),
      policyDigest: world.sha256(JSON.stringify(world.catalog.model(MODEL))),
      champion: versionOf(6),
    });
    expect(release.expiresAtMs).toBe(world.clock.nowMs() + 12 * 3_600_000);
    expect(release.reports).toMatchObject({ evaluation: GOOD, preflight: { decision: 'GO' } });
  });

  it('twice is once, and the time to decide does not begin anew', async () => {
    const world = registered();
    await verifyCandidate(world, CANDIDATE);
    world.clock.advanceMinutes(60);
    const { expiresAtMs } = await world.releases.get(RELEASE_REF);
    await verifyCandidate(world, CANDIDATE);
    expect((await world.releases.get(RELEASE_REF)).expiresAtMs).toBe(expiresAtMs);
    expect(world.cells.releases.all()).toHaveLength(1);
  });

  it('survives a lost acknowledgement', async () => {
    const world = registered();
    world.faults.loseAnswer('releases.create');
    await expect(verifyCandidate(world, CANDIDATE)).rejects.toThrow('lost');
    await expect(verifyCandidate(world, CANDIDATE)).resolves.toMatchObject({ champion: versionOf(6) });
  });

  it('of a first deployment needs no forecast and has no champion', async () => {
    const world = registered(GOOD, newWorld());
    expect(await verifyCandidate(world, CANDIDATE)).toMatchObject({ champion: null });
    expect((await world.releases.get(RELEASE_REF)).reports).not.toHaveProperty('preflight');
  });

  it('the same release id with another version is a conflict', async () => {
    const world = registered();
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ version: versionOf(5) }));
    await expect(verifyCandidate(world, CANDIDATE)).rejects.toMatchObject({ name: 'ReleaseConflict' });
  });
});

describe('a candidate is refused', () => {
  it.each<[string, Parameters<typeof aVersion>[1], string, string]>([
    ['of another group', { group: 'dev-dynamic-pricing' }, 'WrongVersion', 'dev-dynamic-pricing'],
    ['whose registration is not complete', { complete: false }, 'CandidateRefused', 'not complete'],
    ['that was rejected', { approval: 'REJECTED' }, 'CandidateRefused', 'rejected'],
    ['without an artifact digest', { metadata: {} }, 'CandidateRefused', 'artifactDigest'],
  ])('%s', async (_name, changed, name, message) => {
    const world = registered();
    world.registry.versions.set(versionOf(7), aVersion(7, { approval: 'PENDING', ...changed }));
    await expect(verifyCandidate(world, CANDIDATE)).rejects.toMatchObject({
      name,
      message: expect.stringContaining(message),
    });
    expect(world.cells.releases.all()).toEqual([]);
  });

  it('without an evaluation report, or with one that is not there', async () => {
    const world = registered();
    const { evaluationUri: _none, ...without } = aVersion(7);
    world.registry.versions.set(versionOf(7), without);
    await expect(verifyCandidate(world, CANDIDATE)).rejects.toMatchObject({ name: 'CandidateRefused' });
    world.registry.versions.set(versionOf(7), aVersion(7, { evaluationUri: 'memory://nowhere' }));
    await expect(verifyCandidate(world, CANDIDATE)).rejects.toMatchObject({ name: 'DocumentMissing' });
  });

  const gate = (mape: unknown, naive: unknown = 0.8): unknown => ({
    regression_metrics: { mape: { value: mape } },
    mae_relative_to_naive: { value: naive },
  });
  it.each([
    ['above its gate', gate(0.2001), 'regression_metrics.mape.value is 0.2001, at-most 0.2'],
    ['above its second gate', gate(0.1, 1.1), 'mae_relative_to_naive.value is 1.1'],
    ['with a metric that is missing', { mae_relative_to_naive: { value: 0.8 } }, 'no regression_metrics.mape.value'],
    ['with a metric that is no number', gate('0.1'), 'no regression_metrics.mape.value'],
    ['with a metric that is null', gate(null), 'no regression_metrics.mape.value'],
    ['with an empty report', null, 'no regression_metrics.mape.value'],
  ])('%s', async (_name, report, message) => {
    await expect(verifyCandidate(registered(report), CANDIDATE)).rejects.toMatchObject({
      name: 'CandidateRefused',
      message: expect.stringContaining(message),
    });
  });

  it('names every gate that was missed', async () => {
    await expect(verifyCandidate(registered(gate(0.5, 2)), CANDIDATE)).rejects.toThrow(/0\.5.*; .*2, at-most 1/);
  });

  it('passes exactly at its gates, also one that asks for at least', async () => {
    await expect(verifyCandidate(registered(gate(0.2, 1)), CANDIDATE)).resolves.toBeDefined();
    const catalog = catalogWith((model) => ({
      ...model,
      gates: [{ metric: 'f1.value', bound: 'at-least', threshold: 0.7 }],
    }));
    const world = { ...registered({ f1: { value: 0.7 } }), catalog };
    await expect(verifyCandidate(world, CANDIDATE)).resolves.toBeDefined();
    const below = { ...registered({ f1: { value: 0.69 } }), catalog };
    await expect(verifyCandidate(below, CANDIDATE)).rejects.toMatchObject({ name: 'CandidateRefused' });
  });

  it('when its rollout could not be decided, with the traffic that it would need', async () => {
    const catalog = catalogWith((model) => ({ ...model, traffic: { requestsPerMinute: 2, errorShare: 0.0005 } }));
    const refusal = verifyCandidate({ ...registered(), catalog }, CANDIDATE);
    await expect(refusal).rejects.toMatchObject({ name: 'CandidateRefused' });
    await expect(refusal).rejects.toThrow(/at 2 requests a minute .* it needs \d+ requests a minute/);
  });

  it.each([
    ['an unknown model', { ...CANDIDATE, model: 'nothing' }, 'UnknownModel'],
    ['an unknown version', { ...CANDIDATE, version: versionOf(99) }, 'UnknownVersion'],
  ])('of %s', async (_name, candidate, name) => {
    await expect(verifyCandidate(registered(), candidate)).rejects.toMatchObject({ name });
  });

  it('with the table down nothing is decided', async () => {
    const world = registered();
    takeTableDown(world.faults);
    await expect(verifyCandidate(world, CANDIDATE)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('an older candidate', () => {
  const older = { releaseId: `${MODEL}-v5`, version: versionOf(5), versionNumber: 5 };
  const supersededBy = async (changed: Parameters<typeof aRelease>[0], world: World = registered()) => {
    world.cells.releases.put(`${MODEL}/${MODEL}-v5`, aRelease({ ...older, ...changed }));
    await verifyCandidate(world, CANDIDATE);
    return world.cells.releases.read(`${MODEL}/${MODEL}-v5`)?.supersededBy;
  };

  it('that waits for a decision is voided', async () => {
    expect(await supersededBy({})).toBe(versionOf(7));
  });

  it.each([
    ['has been decided on', { decision: { status: 'APPROVED' as const, by: '', reason: '', atMs: 0 } }],
    ['is of another model', { model: 'dynamic-pricing' }],
    ['is newer', { versionNumber: 8 }],
    ['has ended', { outcome: 'REFUSED' as const }],
  ])('is left alone when it %s', async (_name, changed) => {
    expect(await supersededBy(changed)).toBeUndefined();
  });

  it('is left alone where the catalog says so, and when the candidate is refused', async () => {
    const catalog = catalogWith((model) => ({ ...model, supersede: 'refuse' }));
    expect(await supersededBy({}, { ...registered(), catalog })).toBeUndefined();
    const world = registered({});
    await expect(supersededBy({}, world)).rejects.toMatchObject({ name: 'CandidateRefused' });
    expect(world.cells.releases.read(`${MODEL}/${MODEL}-v5`)?.supersededBy).toBeUndefined();
  });
});
