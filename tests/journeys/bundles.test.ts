/**
 * Story 1 with what is deployed: every function bundled as for AWS, in a process of its own, with nothing but its
 * environment, its role's credentials and AWS_ENDPOINT_URL.
 *
 *   bundle -> child process -> HTTP on 127.0.0.1 -> the laptop cloud -> the first champion
 */
import { beforeAll, expect } from '@jest/globals';
import { demandLocal, runScript, story, targetOf } from '../support/journey.ts';

const TIMEOUT_MS = 240_000;

interface Played {
  readonly rooms: number;
  readonly processes: number;
  readonly outcome: string;
  readonly callers: readonly string[];
}

let played: Played;

beforeAll(async () => {
  demandLocal(targetOf(process.env), 'it lends the bundles a port of the laptop cloud');
  const { exitCode, stdout, stderr } = await runScript('tests/journeys/play-bundles.ts', []);
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}: ${stderr.slice(0, 4_000)}`);
  played = JSON.parse(stdout) as Played;
}, TIMEOUT_MS);

story(1, 'First deployment, by the packaged bundles', ({ given, when, then }) => {
  given('all functions bundled with the options of serverless.yml');
  when('ada asks for a retraining and grace approves what it registers');
  then('the version becomes champion', () => {
    expect(played.outcome).toBe('PROMOTED');
    expect(played.rooms).toBeGreaterThanOrEqual(31);
  });
  then('each function ran in a process of its own, under its own role', () => {
    expect(played.processes).toBeGreaterThanOrEqual(15);
    const rooms = [
      'request-retraining',
      'verify-candidate',
      'open-rollout',
      'add-challenger',
      'promote-challenger',
      'close-rollout',
    ];
    for (const room of rooms) expect(played.callers).toContain(`switchyard-dev-eu-central-1-${room}`);
  });
});
