/**
 * Story 2 with a defect planted must turn red, and say why. Without one it is green (nine-stories.test.ts).
 *
 *   delete-before-read-back   the configuration in use is deleted too early   -> the update falls back
 *   remove-before-read-back   a variant with traffic is removed               -> requests fail
 *   no-read-back              every change counts as settled at once          -> the next act meets an endpoint in motion
 *   no-read-back-of-weights   a share counts as landed at once                -> evidence of another share is taken for it
 *   retain-off                UpdateEndpoint resets live counts               -> the champion loses an instance
 */
import { describe, expect, it } from '@jest/globals';
import { rehearsalDocument, type StoryReport } from '../../local/launch/rehearsal/report.ts';
import { runScript } from '../support/journey.ts';
import { MUTANTS } from './mutants.ts';

const TIMEOUT_MS = 240_000;

/** Which checks of story 2 are red, with what was seen. */
async function play(mutant: string): Promise<{ first: StoryReport; second: StoryReport; red: Record<string, string> }> {
  const { exitCode, stdout, stderr } = await runScript('tests/journeys/play-mutant.ts', [mutant]);
  if (exitCode !== 1) throw new Error(`exit code ${exitCode}: the mutant lives. ${stderr.slice(0, 2_000)}`);
  const [first, second] = rehearsalDocument.parse(JSON.parse(stdout)).stories;
  const red = second!.checks.filter((check) => !check.passed).map((check) => [check.what, check.seen]);
  return { first: first!, second: second!, red: Object.fromEntries(red) as Record<string, string> };
}

const EXPECTED: Readonly<Record<string, Record<string, unknown>>> = {
  'delete-before-read-back': {
    'it ends as expected': 'ROLLED_BACK',
    'the champion changed once': '0 changes',
  },
  'remove-before-read-back': {
    'it ends as expected': 'FAILED_SAFE',
    "nobody's request failed": expect.stringMatching(/^[1-9]\d* failed$/),
  },
  'no-read-back': {
    'it ends as expected': 'FAILED_SAFE',
    'the champion changed once': '0 changes',
  },
  'no-read-back-of-weights': {
    'no share was watched before it had landed': expect.stringMatching(/5 % of 10 %/),
  },
  'retain-off': {
    'the instances that the autoscaler added were kept': '3 at first, never below 2',
  },
};

describe('a mutant', () => {
  it('is expected for every one that is listed', () => {
    expect(Object.keys(MUTANTS).filter((name) => name !== 'none')).toEqual(Object.keys(EXPECTED));
  });

  it.concurrent.each(Object.entries(EXPECTED))(
    '%s turns story 2 red',
    async (name, red) => {
      const played = await play(name);
      // The defect is in what story 2 adds: a first deployment survives it.
      expect(played.first.ok).toBe(true);
      expect(played.second.ok).toBe(false);
      expect(played.red).toMatchObject(red);
    },
    TIMEOUT_MS,
  );
});
