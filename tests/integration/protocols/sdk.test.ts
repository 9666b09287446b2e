/** Every operation of every service, called by the JavaScript SDK. */
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hasSdkClient } from '../../support/sdk-clients.ts';
import { withSaved } from './expectation.ts';
import { askSdk, play, setStage, type Stage } from './stage.ts';
import { newEchoCloud, STORIES } from './stories.ts';

it('every operation of every service has a case, and every service two refusals', () => {
  const cloud = newEchoCloud(tmpdir());
  const missing = Object.values(cloud.services).flatMap((service) => {
    const cases = (STORIES.find((story) => story.service === service.id)?.cases ?? []).filter((one) => !one.service);
    const called = new Set(cases.map(({ operation }) => operation));
    const refusals = cases.filter(({ error }) => error).length;
    return [
      ...Object.keys(service.operations).flatMap((name) => (called.has(name) ? [] : [`${service.id}:${name}`])),
      ...(refusals < 2 ? [`${service.id}: ${refusals} refusals`] : []),
    ];
  });
  expect(missing).toEqual([]);
});

// IAM and CloudFormation have no client among the dependencies: the CLI's requests alone prove them.
describe.each(STORIES.filter(({ service }) => hasSdkClient(service)))('$service through the SDK', (story) => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await setStage(story);
  });
  afterAll(() => stage.close());

  it.each(story.cases.map((one, index) => ({ index, one, name: one.operation })))('$index $name', async ({ one }) => {
    await play(stage, one, true, () => askSdk(stage, one, withSaved(one.input, stage.values) as object));
  });
});
