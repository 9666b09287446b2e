/** The candidate on an endpoint of its own: deployed, tested, taken away; what is tested is this candidate and no other. */
import { describe, expect, it } from '@jest/globals';
import { type LabelledRow } from '../../../../shared/ports/documents.ts';
import { deployStaging, servableName } from '../../../../shared/use-cases/deploy-staging.ts';
import { removeStaging } from '../../../../shared/use-cases/remove-staging.ts';
import { settleChange, STAGING_WAIT } from '../../../../shared/use-cases/settle-change.ts';
import { testStaging } from '../../../../shared/use-cases/test-staging.ts';
import { aRelease, versionOf } from '../../../support/builders/records.ts';
import { championServing, RELEASE_REF } from '../../../support/builders/scenes.ts';
import { takeTableDown } from '../../../support/in-memory/stores.ts';
import { type Asked } from '../../../support/in-memory/serving-platform.ts';
import { ENDPOINT, MODEL, newWorld, type World } from '../../../support/in-memory/world.ts';

const STAGING = `${ENDPOINT}-staging`;
const CANDIDATE = `${ENDPOINT}-v7`;

function released(world: World = championServing()): World {
  world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease());
  return world;
}

/** Both versions are up on the staging endpoint. */
async function staged(world: World = released()): Promise<World> {
  await deployStaging(world, RELEASE_REF);
  world.clock.advanceMs(world.platform.provisioningTakesMs);
  return world;
}

const rows = (count: number): LabelledRow[] =>
  Array.from({ length: count }, (_each, index) => ({
    inferenceId: `id-${index}`,
    request: JSON.stringify({ hour: index }),
    truth: 100 + (index % 7),
  }));

/** Predictions that miss the truth by a fixed number, per servable, plus a noise that both share. */
const answering =
  (misses: Readonly<Record<string, number>>, broken?: (asked: Asked) => string | undefined) =>
  (asked: Asked): { statusCode: number; body: string } => {
    if (asked.body === '{}' || asked.body === 'no json') return { statusCode: 400, body: 'refused' };
    const instead = broken?.(asked);
    if (instead !== undefined) return { statusCode: 200, body: instead };
    const lines = asked.body.split('\n').map((line) => {
      const { hour } = JSON.parse(line) as { hour: number };
      return JSON.stringify({ prediction: 100 + (hour % 7) + (misses[asked.servable] ?? 0) + (hour % 3) });
    });
    return { statusCode: 200, body: lines.join('\n') };
  };

describe('deploying', () => {
  it('puts candidate and champion side by side on an endpoint of their own', async () => {
    const world = await staged();
    const observed = await world.platform.observe(STAGING);
    expect(observed).toMatchObject({
      configuration: `${STAGING}-v7`,
      variants: [
        { variant: 'candidate', servable: CANDIDATE },
        { variant: 'reference', servable: `${ENDPOINT}-v6` },
      ],
    });
    expect(world.registry.stages.get(versionOf(7))).toBe('Staging');
  });

  it('the first version stands alone', async () => {
    const world = released(newWorld());
    world.registry.versions.set(versionOf(7), { ...(await championServing().registry.describe(versionOf(7))) });
    await staged(world);
    expect((await world.platform.observe(STAGING))?.variants).toHaveLength(1);
  });

  it('twice is once, also after a lost acknowledgement', async () => {
    const world = released();
    world.faults.loseAnswer('platform.createEndpoint');
    await expect(deployStaging(world, RELEASE_REF)).rejects.toThrow('lost');
    expect(await deployStaging(world, RELEASE_REF)).toEqual({ endpoint: STAGING });
    world.clock.advanceMs(world.platform.provisioningTakesMs);
    expect(await deployStaging(world, RELEASE_REF)).toEqual({ endpoint: STAGING });
    expect(servableName('dev', MODEL, 7)).toBe(CANDIDATE);
  });

  it.each(['IN_SERVICE', 'DELETING'] as const)(
    "waits while the endpoint of the candidate before is still there (%s): another's answers prove nothing",
    async (status) => {
      const world = released();
      world.platform.place(STAGING, `${STAGING}-v5`, { candidate: [`${ENDPOINT}-v5`, 1] });
      world.platform.setStatus(STAGING, status, status);
      await expect(deployStaging(world, RELEASE_REF)).rejects.toMatchObject({ name: 'EndpointBusy' });
    },
  );

  it('waits while another candidate is on trial, and takes away what an ended release has left behind', async () => {
    const world = released();
    const leftover = { candidate: [`${ENDPOINT}-v5`, 1] } as const;
    world.platform.place(STAGING, `${STAGING}-v5`, leftover);
    const former = aRelease({ releaseId: `${MODEL}-v5`, versionNumber: 5 });
    world.cells.releases.put(`${MODEL}/${MODEL}-v5`, former);
    await expect(deployStaging(world, RELEASE_REF)).rejects.toMatchObject({ name: 'EndpointBusy' });
    expect(world.platform.deleted).toEqual([]);

    world.cells.releases.put(`${MODEL}/${MODEL}-v5`, { ...former, outcome: 'FAILED' });
    await expect(deployStaging(world, RELEASE_REF)).rejects.toMatchObject({ name: 'EndpointBusy' });
    world.clock.advanceMs(world.platform.deletingTakesMs);
    await expect(deployStaging(world, RELEASE_REF)).resolves.toEqual({ endpoint: STAGING });
  });

  it('a version that can not be served is refused', async () => {
    const world = released();
    world.faults.fail('platform.prepare', Object.assign(new Error('x'), { name: 'VersionNotDeployable' }));
    await expect(deployStaging(world, RELEASE_REF)).rejects.toMatchObject({ name: 'VersionNotDeployable' });
  });

  it('knows its releases', async () => {
    await expect(deployStaging(released(), { ...RELEASE_REF, releaseId: 'none' })).rejects.toMatchObject({
      name: 'UnknownRelease',
    });
  });
});

describe('waiting for it', () => {
  it('wakes the release when the endpoint has settled, well or badly', async () => {
    for (const outcome of ['LANDS', 'FAILS'] as const) {
      const world = released();
      world.platform.nextChange = outcome;
      await deployStaging(world, RELEASE_REF);
      const wait = { wait: STAGING_WAIT, token: 't', registeredAtMs: 0 };
      await world.releases.change(RELEASE_REF, (record) => ({ ...record, wait }));
      await settleChange(world, STAGING);
      expect(world.events.published).toEqual([]);
      world.clock.advanceMs(world.platform.provisioningTakesMs);
      await settleChange(world, STAGING);
      expect(world.events.of('wait.resolved')).toEqual([
        { subject: 'release', model: MODEL, id: RELEASE_REF.releaseId, wait: STAGING_WAIT },
      ]);
    }
  });
});

describe('testing', () => {
  it('passes a candidate that is as good as the champion, and keeps both reports', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(200);
    world.platform.answer = answering({});
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({ outcome: 'PASS' });
    expect((await world.releases.get(RELEASE_REF)).reports).toMatchObject({
      endToEnd: [{ passed: true }, { passed: true }, { passed: true }, { passed: true }],
      accuracy: { decision: 'PASS', distinctRows: 200 },
    });
  });

  it('asks both versions the same rows, in requests of at most 100', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(250);
    world.platform.answer = answering({});
    await testStaging(world, RELEASE_REF);
    const batches = (variant: string) =>
      world.platform.asked
        .filter((each) => each.variant === variant && each.contentType === 'application/jsonlines')
        .map((each) => each.body);
    expect(batches('candidate')).toEqual(batches('reference'));
    expect(batches('candidate').map((body) => body.split('\n').length)).toEqual([100, 100, 50]);
  });

  it('refuses a candidate that is worse by more than the margin', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(200);
    world.platform.answer = answering({ [CANDIDATE]: 5 });
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringContaining('worse than the champion'),
    });
  });

  it('without enough distinct rows is inconclusive, which is no pass', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(133);
    world.platform.answer = answering({});
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({ outcome: 'INCONCLUSIVE' });
    world.labelledRows.rows = [];
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({ outcome: 'INCONCLUSIVE' });
  });

  it.each([
    ['errors', '{"error":"overflow"}'],
    ['no number', '{"prediction":null}'],
    ['null', 'null'],
    ['no JSON', '<html>'],
    ['fewer lines than rows', '{"prediction":1}'],
  ])('a candidate that answers batches with %s does not pass, and the report says so', async (_name, line) => {
    const world = await staged();
    world.labelledRows.rows = rows(200);
    world.platform.answer = answering({}, (asked) =>
      asked.variant === 'candidate' &&
      asked.contentType === 'application/jsonlines' &&
      asked.body.includes('"hour":150')
        ? line
        : undefined,
    );
    expect(await testStaging(world, RELEASE_REF)).not.toMatchObject({ outcome: 'PASS' });
    expect((await world.releases.get(RELEASE_REF)).reports['accuracy']).toMatchObject({
      challengerGaveNoNumber: expect.any(Number),
    });
  });

  it('rows that were captured over several lines are one row each', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(200).map((row, index) =>
      index === 3 ? { ...row, request: JSON.stringify({ hour: index }, null, 2) } : row,
    );
    world.platform.answer = answering({});
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({ outcome: 'PASS' });
  });

  it.each<[string, (asked: Asked) => { statusCode: number; body: string }, string]>([
    ['a row without fields', () => ({ statusCode: 200, body: '{"prediction":1}' }), 'a row without fields is refused'],
    ['a good row with an error', () => ({ statusCode: 500, body: 'boom' }), 'answered 500'],
  ])('refuses a candidate that answers %s', async (_name, answer, reason) => {
    const world = await staged();
    world.labelledRows.rows = rows(5);
    world.platform.answer = answer;
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringContaining(reason),
    });
  });

  it('refuses a candidate that answers the same row differently', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(5);
    let calls = 0;
    world.platform.answer = ({ body }) =>
      body === '{}' || body === 'no json'
        ? { statusCode: 400, body: '' }
        : { statusCode: 200, body: `{"prediction":${calls++}}` };
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringContaining('same row'),
    });
  });

  it('a first deployment passes by its end-to-end tests alone', async () => {
    const world = released(newWorld());
    world.registry.versions.set(versionOf(7), { ...(await championServing().registry.describe(versionOf(7))) });
    const { champion: _none, ...binding } = aRelease().binding;
    world.cells.releases.put(`${MODEL}/${MODEL}-v7`, aRelease({ binding }));
    await staged(world);
    expect(await testStaging(world, RELEASE_REF)).toMatchObject({
      outcome: 'PASS',
      reason: expect.stringContaining('first deployment'),
    });
  });

  it('a staging endpoint that failed, is changing or is gone refuses, and says which', async () => {
    const failed = await staged();
    failed.platform.setStatus(STAGING, 'FAILED', 'Failed', 'no container');
    expect(await testStaging(failed, RELEASE_REF)).toEqual({
      outcome: 'REFUSED',
      reason: 'the staging endpoint is Failed no container',
    });
    const changing = released();
    await deployStaging(changing, RELEASE_REF);
    expect(await testStaging(changing, RELEASE_REF)).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringContaining('Creating'),
    });
    expect(await testStaging(released(), RELEASE_REF)).toMatchObject({
      outcome: 'REFUSED',
      reason: expect.stringContaining('not there'),
    });
  });

  it("never judges by another candidate's endpoint", async () => {
    const world = released();
    world.platform.place(STAGING, `${STAGING}-v5`, {
      candidate: [`${ENDPOINT}-v5`, 1],
      reference: [`${ENDPOINT}-v6`, 1],
    });
    world.labelledRows.rows = rows(200);
    world.platform.answer = answering({});
    expect(await testStaging(world, RELEASE_REF)).not.toMatchObject({ outcome: 'PASS' });
  });

  it('twice gives the same', async () => {
    const world = await staged();
    world.labelledRows.rows = rows(200);
    world.platform.answer = answering({});
    const first = await testStaging(world, RELEASE_REF);
    expect(await testStaging(world, RELEASE_REF)).toEqual(first);
  });

  it('with the table down decides nothing', async () => {
    const world = await staged();
    takeTableDown(world.faults);
    await expect(testStaging(world, RELEASE_REF)).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('taking it away', () => {
  it('removes endpoint and configuration, keeps the servable, twice', async () => {
    const world = await staged();
    await removeStaging(world, RELEASE_REF);
    world.clock.advanceMs(world.platform.deletingTakesMs);
    await removeStaging(world, RELEASE_REF);
    expect(await world.platform.observe(STAGING)).toBeUndefined();
    expect(world.platform.deleted).not.toContain(CANDIDATE);
    expect(world.platform.deleted).toContain(`${STAGING}-v7`);
  });

  it("leaves another candidate's endpoint alone", async () => {
    const world = released();
    world.platform.place(STAGING, `${STAGING}-v8`, { candidate: [`${ENDPOINT}-v8`, 1] });
    await removeStaging(world, RELEASE_REF);
    expect(world.platform.deleted).not.toContain(STAGING);
  });

  it('waits while the endpoint is changing', async () => {
    const world = released();
    await deployStaging(world, RELEASE_REF);
    await expect(removeStaging(world, RELEASE_REF)).rejects.toMatchObject({ name: 'EndpointBusy' });
  });
});
