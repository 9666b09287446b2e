/** The doors of the system: what starts releases, rollbacks and trainings, and who is told of an end. */
import { describe, expect, it } from '@jest/globals';
import { requestRetraining } from '../../../../shared/use-cases/request-retraining.ts';
import { type Ending, sendAlert } from '../../../../shared/use-cases/send-alert.ts';
import { startRelease } from '../../../../shared/use-cases/start-release.ts';
import { startRollback } from '../../../../shared/use-cases/start-rollback.ts';
import { versionOf } from '../../../support/builders/records.ts';
import { challengerPromoted, championServing } from '../../../support/builders/scenes.ts';
import { ENDPOINT, MODEL, newWorld, RELEASE_MACHINE, ROLLBACK_MACHINE } from '../../../support/in-memory/world.ts';

describe('a registered version', () => {
  const registered = { group: ENDPOINT, version: versionOf(7), versionNumber: 7 };

  it('starts one release, however often it is told', async () => {
    const world = newWorld();
    expect(await startRelease(world, registered)).toEqual({ releaseId: `${MODEL}-v7`, started: true });
    expect(await startRelease(world, registered)).toEqual({ releaseId: `${MODEL}-v7`, started: false });
    expect(world.executions.started).toEqual([
      {
        machine: RELEASE_MACHINE,
        name: `${MODEL}-v7`,
        input: { model: MODEL, releaseId: `${MODEL}-v7`, version: versionOf(7), versionNumber: 7 },
      },
    ]);
  });

  it('survives a lost acknowledgement', async () => {
    const world = newWorld();
    world.faults.loseAnswer('executions.start');
    await expect(startRelease(world, registered)).rejects.toThrow('lost');
    expect(await startRelease(world, registered)).toMatchObject({ started: false });
  });

  it('another version under the same number is refused', async () => {
    const world = newWorld();
    await startRelease(world, registered);
    await expect(startRelease(world, { ...registered, version: 'forged' })).rejects.toMatchObject({
      name: 'ExecutionConflict',
    });
  });

  it.each(['prod-demand-forecast', 'dev-nothing'])('of group %s starts nothing', async (group) => {
    const world = newWorld();
    await expect(startRelease(world, { ...registered, group })).rejects.toMatchObject({
      name: 'UnknownModel',
      message: expect.stringContaining(group),
    });
    expect(world.executions.started).toEqual([]);
  });
});

describe('a rollback on demand', () => {
  const request = { model: MODEL, requestedBy: 'grace', reason: 'wrong in the north', idempotencyKey: 'incident-12' };

  it('starts once a key', async () => {
    const world = challengerPromoted();
    const first = await startRollback(world, request);
    expect(await startRollback(world, request)).toEqual(first);
    expect(world.executions.started).toEqual([
      {
        machine: ROLLBACK_MACHINE,
        name: `${MODEL}-back-incident-12`,
        input: { model: MODEL, requestedBy: 'grace', reason: 'wrong in the north' },
      },
    ]);
  });

  it('another reason under the same key is another request', async () => {
    const world = challengerPromoted();
    await startRollback(world, request);
    await expect(startRollback(world, { ...request, reason: 'x' })).rejects.toMatchObject({
      name: 'ExecutionConflict',
    });
  });

  it('names of executions are valid, whatever the key', async () => {
    const world = challengerPromoted();
    await startRollback(world, { ...request, idempotencyKey: `a/b c:${'d'.repeat(200)}` });
    expect(world.executions.started[0]?.name).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
  });

  it.each([
    ['that differ late', `${'k'.repeat(100)}1`, `${'k'.repeat(100)}2`],
    ['that differ in a special character', 'incident/1', 'incident:1'],
  ])('keys %s are two requests', async (_name, one, other) => {
    const world = challengerPromoted();
    await startRollback(world, { ...request, idempotencyKey: one });
    await startRollback(world, { ...request, idempotencyKey: other });
    expect(world.executions.started).toHaveLength(2);
  });

  it.each([
    ['has served one version only', championServing(), 'one version only'],
    ['has never been promoted', newWorld(), 'never been promoted'],
  ])('of a model that %s is refused', async (_name, world, message) => {
    await expect(startRollback(world, request)).rejects.toMatchObject({
      name: 'NothingToRollBackTo',
      message: expect.stringContaining(message),
    });
  });

  it('of a model that is unknown is refused', async () => {
    await expect(startRollback(newWorld(), { ...request, model: 'nothing' })).rejects.toMatchObject({
      name: 'UnknownModel',
    });
  });
});

describe('a trigger of retraining', () => {
  const trigger = {
    kind: 'schedule' as const,
    model: MODEL,
    scheduledAtMs: Date.UTC(2026, 0, 5, 2),
    periodMinutes: 1_440,
  };
  const request = { trigger, reason: 'schedule', parameters: {} };
  const trainable = () => {
    const world = newWorld();
    world.training.known.add(ENDPOINT);
    world.training.snapshots.set(MODEL, { Until: '2026-01-04', From: '2024-01-01' });
    return world;
  };

  it('starts the pipeline on the newest snapshot and tells', async () => {
    const world = trainable();
    const { executionArn, requestToken } = await requestRetraining(world, {
      ...request,
      parameters: { From: '2025-01-01' },
    });
    expect(world.training.runs).toEqual([
      {
        pipeline: ENDPOINT,
        requestToken,
        displayName: expect.any(String),
        parameters: { Until: '2026-01-04', From: '2025-01-01', TriggerReason: 'schedule' },
      },
    ]);
    expect(world.events.of('retraining.started')).toEqual([
      { model: MODEL, trigger: 'schedule', reason: 'schedule', executionArn, requestToken },
    ]);
  });

  it('doubled and late deliveries of one window start one run', async () => {
    const world = trainable();
    await requestRetraining(world, request);
    world.faults.loseAnswer('pipelines.start');
    await expect(requestRetraining(world, request)).rejects.toThrow('lost');
    const late = { ...trigger, scheduledAtMs: trigger.scheduledAtMs + 3_600_000 };
    await requestRetraining(world, { ...request, trigger: late });
    expect(world.training.runs).toHaveLength(1);
  });

  it('refuses what it does not know', async () => {
    await expect(
      requestRetraining(trainable(), { ...request, trigger: { ...trigger, model: 'nothing' } }),
    ).rejects.toMatchObject({ name: 'UnknownModel' });
    const noPipeline = trainable();
    noPipeline.training.known.clear();
    await expect(requestRetraining(noPipeline, request)).rejects.toMatchObject({ name: 'UnknownPipeline' });
    const noData = trainable();
    noData.training.snapshots.clear();
    await expect(requestRetraining(noData, request)).rejects.toMatchObject({ name: 'DocumentMissing' });
  });
});

describe('who is told', () => {
  const ending: Ending = { subject: 'rollout', model: MODEL, id: 'r2', outcome: 'ROLLED_BACK', reason: 'harm' };

  it.each([
    ['rollout', 'FAILED_SAFE', 'critical'],
    ['rollout', 'ROLLED_BACK', 'high'],
    ['rollout', 'PROMOTED', 'low'],
    ['release', 'REFUSED', 'medium'],
    ['release', 'EXPIRED', 'medium'],
    ['release', 'FAILED', 'medium'],
    ['release', 'REJECTED', 'medium'],
    ['release', 'PROMOTED', null],
    ['release', 'ROLLED_BACK', null],
  ] as const)('of a %s that ended as %s: %s', async (subject, outcome, severity) => {
    const world = newWorld();
    expect(await sendAlert(world, { ...ending, subject, outcome })).toEqual({ severity });
    expect(world.alerts.sent.map((alert) => alert.severity)).toEqual(severity === null ? [] : [severity]);
  });

  it('what happened, why, the evidence and the next step', async () => {
    const world = newWorld();
    await sendAlert(world, { ...ending, whyUri: 's3://evidence/why/r2.md' });
    expect(world.alerts.sent).toEqual([
      {
        severity: 'high',
        subject: '[high] demand-forecast: rollout ROLLED_BACK',
        dedupKey: 'rollout/r2',
        body: [
          'What: rollout r2 of demand-forecast ended as ROLLED_BACK.',
          'Why: harm',
          'Evidence: s3://evidence/why/r2.md',
          'Next: Read the why page, mend the candidate and register a new version.',
        ].join('\n'),
      },
    ]);
  });

  it('an outcome that it does not know still has a next step', async () => {
    const world = newWorld();
    await sendAlert(world, { ...ending, outcome: 'VANISHED' });
    expect(world.alerts.sent[0]?.body).toContain('Next: Look at the record.');
  });
});
