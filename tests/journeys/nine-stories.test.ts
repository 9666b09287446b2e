/**
 * The rehearsal, played once in a process of its own, and held against what each story promises.
 *
 *   1  a first version is registered ......... approved ............... it becomes champion
 *   2  02:00 UTC, a better version ........... 5 10 25 50 100 %, bake . it becomes champion, nobody notices
 *   3  some answers are 5xx .................. the judge proves harm .. champion 100 %
 *   4  answers are slow ...................... the judge proves harm .. champion 100 %
 *   5  °C for °F ............................. paired test on staging . refused before any traffic
 *   6  the container never starts ............ SageMaker rolls back ... champion 100 %, the silent rollback is named
 *   7  errors while no metric can be read .... a CloudWatch alarm ..... champion 100 %
 *   8  an operator aborts while Updating ..... the signal is kept ..... champion 100 %
 *   9  hours later, 'bring it back' .......... one step to 100 % ...... the version before is champion
 */
import { beforeAll, describe, expect, it } from '@jest/globals';
import { type RehearsalDocument, rehearsalDocument, type StoryReport } from '../../local/launch/rehearsal/report.ts';
import { exceeded, unused, type Usage } from './permissions.ts';
import { demandLocal, type ProcessResult, runScript, story, targetOf } from '../support/journey.ts';

const REHEARSAL = 'local/launch/rehearse.ts';
const TIMEOUT_MS = 240_000;
/** Virtual. From the first bad minute; the policy study's medians are 5 to 9 minutes for defects of this size. */
const DECISION_SECONDS_MAX = 15 * 60;
/** A decision, then the longest change of weights (5 min), the request that came in its way (5 min) and a sweep. */
const RESTORED_AFTER_DECISION_SECONDS_MAX = 11 * 60;
/** A rolled-back story with its approval, provisioning, canary, way back and tidying up; more is a wait that nobody ended. */
const ROLLED_BACK_MINUTES_MAX = 110;

/** `role action` that is given and not used here, with the reason why it is given. */
const UNUSED: readonly (readonly [entry: RegExp, reason: string])[] = [
  [/ xray:(Put|GetSampling)/, 'traces go past the laptop cloud'],
  [/^stop-rollout dynamodb:Query$/, 'an abort that names no rollout looks for what is under way'],
  [
    /^deploy-staging (dynamodb:Query|sagemaker:DeleteEndpoint)$/,
    'what an ended release has left on staging is taken away',
  ],
  [/ logs:(CreateLogStream|PutLogEvents)$/, 'Lambda and SageMaker write log lines without a call here'],
  [/^(canary-blue-green|model-release|rollback-model) logs:/, 'Step Functions sets up its own log delivery'],
  [/^(serving|training) (logs|ecr|cloudwatch):/, 'containers are pulled, logged and measured without a call here'],
  [/^serving s3:PutObject$/, 'data capture is written without a call here'],
  [/^training sagemaker:(Add|Describe|Stop)/, 'pipelines look after their jobs without a call here'],
  [/ sqs:(SendMessage|DeleteMessage)$/, 'dead letters and the spool: nothing was undeliverable, no table was down'],
  [
    /^(fire-dead-man|handle-guard-alarm|stop-rollout|restore-champion|sweep-rollouts) sagemaker:/,
    'the way back without the table',
  ],
  [/^(fire-dead-man|sweep-rollouts) (dynamodb|events|s3|scheduler):/, 'the nets below a controller that has died'],
  [/^stop-rollout events:PutEvents$/, 'the abort came while nobody waited for it'],
  [/^confirm-change (events|sagemaker):/, 'a wait that timed out reads back by itself'],
  [/^judge-rollout scheduler:CreateSchedule$/, 'a dead man that has fired is armed anew'],
  [
    /^reconcile-endpoints sagemaker:(DeleteModel|UpdateEndpointWeightsAndCapacities)$/,
    'a slipped write, an orphan of two generations',
  ],
  [
    /^(open-rollout|start-release|start-rollback) states:DescribeExecution$/,
    'a holder of the lease, or a start, that is there already',
  ],
  [/^model-release (events|states):/, 'what a nested execution needs by the book: its rule, and its end'],
  [/^add-challenger (iam:PassRole|sagemaker:CreateModel)$/, 'a version whose servable was tidied away comes back'],
];

let first: ProcessResult;
let again: { document: RehearsalDocument; usage: Usage; refused: string[] };
let document: RehearsalDocument;

beforeAll(async () => {
  demandLocal(targetOf(process.env), 'its faults are injected into the cloud, and AWS lets nobody do that');
  const [played, watched] = await Promise.all([
    runScript(REHEARSAL, ['--json', '--seed', '1']),
    runScript('tests/journeys/play-watched.ts', ['1']),
  ]);
  first = played;
  again = JSON.parse(watched.stdout) as typeof again;
  document = rehearsalDocument.parse(JSON.parse(first.stdout));
}, TIMEOUT_MS);

const told = (id: string): StoryReport => {
  const found = document.stories.find((each) => each.id === id);
  if (!found) throw new Error(`the document has no story '${id}'`);
  return found;
};
const seen = (id: string, what: string): string =>
  told(id).checks.find((check) => check.what === what)?.seen ?? 'not checked';
const notPassed = (id: string): unknown[] => told(id).checks.filter((check) => !check.passed);

/** Only the version on trial fails requests, and it stops failing them when the champion has its traffic back. */
function expectFailuresOf(id: string, challenger: RegExp): void {
  const versions = Object.keys(told(id).failedRequests);
  expect(versions).toHaveLength(1);
  expect(versions[0]).toMatch(challenger);
}

function expectFastWayBack(id: string): void {
  const { secondsToDecision, secondsToChampionRestored, virtualMinutes } = told(id);
  expect(secondsToDecision).toBeGreaterThan(0);
  expect(secondsToDecision).toBeLessThanOrEqual(DECISION_SECONDS_MAX);
  expect(secondsToChampionRestored! - secondsToDecision!).toBeGreaterThan(0);
  expect(secondsToChampionRestored! - secondsToDecision!).toBeLessThanOrEqual(RESTORED_AFTER_DECISION_SECONDS_MAX);
  expect(virtualMinutes).toBeLessThanOrEqual(ROLLED_BACK_MINUTES_MAX);
}

story(1, 'First deployment', ({ given, when, then }) => {
  given('an account without an endpoint, and a first snapshot of the data');
  when('ada asks for a retraining and grace approves what it registers');
  then('it becomes champion, and answers everything that is asked', () => {
    expect(told('1').outcome).toBe('PROMOTED');
    expect(notPassed('1')).toEqual([]);
    expect(seen('1', 'the champion has changed')).toBe('dev-demand-forecast-v1');
    expect(told('1').failedRequests).toEqual({});
  });
});

story(2, 'A better challenger', ({ given, when, then }) => {
  given('a newer snapshot, and an autoscaler that has given the champion a third instance');
  when('the 02:00 schedule retrains and the version is approved');
  then('it becomes champion', () => {
    expect(told('2').outcome).toBe('PROMOTED');
    expect(notPassed('2')).toEqual([]);
  });
  then("nobody's request fails", () => {
    expect(told('2').failedRequests).toEqual({});
    expect(told('2').requests).toBeGreaterThan(10_000);
    expect(seen('2', "nobody's request failed")).toBe('0 failed');
  });
  then('the champion changes once', () => expect(seen('2', 'the champion changed once')).toBe('1 changes'));
  then('no instance is lost', () =>
    expect(seen('2', 'the instances that the autoscaler added were kept')).toBe('3 at first, never below 3'),
  );
  then('each of five shares was looked at, and the transitions do not grow with the looks', () => {
    // Four shares of ten minutes and a bake of thirty: a look a minute, and more when metrics come late.
    expect(told('2').looks).toBeGreaterThanOrEqual(70);
    expect(told('2').stateTransitions).toBeLessThan(told('2').looks);
  });
});

story(3, 'A challenger that errs', ({ given, when, then }) => {
  given('a healthy version in its first share');
  when('8 % of its answers become 5xx');
  then('harm is proven, and the champion has everything back', () => {
    expect(told('3').outcome).toBe('ROLLED_BACK');
    expect(told('3').reason).toMatch(/^HARM_PROVEN errors5xx E=\S+ >= 60$/);
    expect(notPassed('3')).toEqual([]);
    expectFastWayBack('3');
  });
  then('only requests to the challenger failed', () => expectFailuresOf('3', /-v3$/));
});

story(4, 'A challenger that is slow', ({ given, when, then }) => {
  given('a healthy version in its first share');
  when('each of its answers takes 60 ms more');
  then('harm is proven, and the champion has everything back', () => {
    expect(told('4').outcome).toBe('ROLLED_BACK');
    expect(told('4').reason).toMatch(/^HARM_PROVEN latency E=\S+ >= 60$/);
    expect(notPassed('4')).toEqual([]);
    expectFastWayBack('4');
  });
  then('no request failed', () => expect(told('4').failedRequests).toEqual({}));
});

story(5, 'A challenger with broken inputs', ({ given, when, then }) => {
  given('a feed that has begun to deliver °C, in training and evaluation data alike');
  when('a version learned from it is approved');
  then('the paired test on staging refuses it, with its figures', () => {
    expect(told('5').outcome).toBe('REFUSED');
    expect(told('5').reason).toMatch(/challenger's MAE [\d.]+, champion's [\d.]+.*margin [\d.]+, \d+ distinct rows/);
    const [challenger, champion] = /MAE ([\d.]+), champion's ([\d.]+)/.exec(told('5').reason)!.slice(1).map(Number);
    expect(challenger).toBeGreaterThan(champion! * 1.1);
    expect(notPassed('5')).toEqual([]);
  });
  then('the page says how many rows an unpaired comparison would have needed: 2 to 9 times as many', () => {
    const figures = seen('5', 'the page says how many rows an unpaired comparison would have needed');
    const [unpaired, paired] = /^(\d+) unpaired, (\d+) paired$/.exec(figures)!.slice(1).map(Number);
    expect(unpaired! / paired!).toBeGreaterThanOrEqual(2);
    expect(unpaired! / paired!).toBeLessThanOrEqual(9);
  });
  then('there was no rollout and no traffic', () => {
    expect(told('5')).toMatchObject({ requests: 0, looks: 0, failedRequests: {}, secondsToDecision: null });
    expect(seen('5', 'no rollout was opened')).toBe('0 rollouts');
  });
});

story(6, 'A challenger that never comes up', ({ given, when, then }) => {
  given('a version that works on staging');
  when('its container fails on the endpoint, which goes back to InService without a word');
  then('the silent rollback is told from success, by name', () => {
    expect(told('6').outcome).toBe('ROLLED_BACK');
    expect(told('6').reason).toMatch(/^SILENT_ROLLBACK configuration: \S+ expected, \S+ found/);
    expect(notPassed('6')).toEqual([]);
    expect(told('6')).toMatchObject({ looks: 0, failedRequests: {} });
    expect(told('6').virtualMinutes).toBeLessThanOrEqual(ROLLED_BACK_MINUTES_MAX);
  });
});

story(7, 'An alarm in the middle of a bake', ({ given, when, then }) => {
  given('a judge that can read no metrics');
  when('a third of the answers becomes 5xx, and CloudWatch raises the alarm by itself');
  then('the alarm gives the champion everything back', () => {
    expect(told('7').outcome).toBe('ROLLED_BACK');
    expect(told('7').reason).toMatch(
      /^ALARM: switchyard-dev-demand-forecast-(blue|green)-errors5xx: Threshold Crossed/,
    );
    expect(notPassed('7')).toEqual([]);
    expectFastWayBack('7');
  });
  then('only requests to the challenger failed', () => expectFailuresOf('7', /-v\d+$/));
});

story(8, "An operator's abort while the endpoint is Updating", ({ given, when, then }) => {
  given('an endpoint between the first share and the second');
  when('grace aborts, and SageMaker refuses every change until it has settled');
  then('the signal is kept, and the champion has everything back', () => {
    expect(told('8').outcome).toBe('ROLLED_BACK');
    expect(told('8').reason).toBe('ABORT: complaints from the field');
    expect(notPassed('8')).toEqual([]);
    expect(told('8').failedRequests).toEqual({});
    expect(told('8').virtualMinutes).toBeLessThanOrEqual(ROLLED_BACK_MINUTES_MAX);
  });
});

story(9, 'Rollback on demand, hours later', ({ given, when, then }) => {
  given('a champion since hours, whose predecessor is no longer provisioned');
  when('grace asks for the version before');
  then('it is back within provisioning, two changes of weights and five minutes', () => {
    expect(told('9').outcome).toBe('PROMOTED');
    expect(notPassed('9')).toEqual([]);
    expect(seen('9', 'the champion has changed')).toBe('dev-demand-forecast-v1');
    const [tookMinutes, limitMinutes] = /^([\d.]+) of (\d+) min$/
      .exec(seen('9', 'the previous version was back in time'))!
      .slice(1)
      .map(Number);
    expect(limitMinutes).toBe(25);
    expect(tookMinutes).toBeLessThanOrEqual(25);
  });
  then('no evidence is asked for', () => expect(told('9')).toMatchObject({ looks: 0, failedRequests: {} }));
});

describe('the rehearsal as a whole', () => {
  it('ends with exit code 0, one document on stdout, progress on stderr', () => {
    expect(document.ok).toBe(true);
    expect(first.exitCode).toBe(0);
    expect(first.stdout.trimStart()[0]).toBe('{');
    expect(`${JSON.stringify(JSON.parse(first.stdout), null, 2)}\n`).toBe(first.stdout);
    expect(first.stderr).toContain('9. Rollback on demand');
  });

  it('tells nine stories, in order', () => {
    expect(document.stories.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('gives the same document for the same seed, to the byte, but for `wall`', () => {
    const without = (text: string): string => text.replace(/"wall": \{[^}]*\}/, '"wall": {}');
    expect(without(`${JSON.stringify(again.document, null, 2)}\n`)).toBe(without(first.stdout));
    expect(without(first.stdout)).not.toBe(first.stdout);
  });

  it('keeps to its limits', () => {
    const { requests, requestsThroughSdk, trainings, distinctRowsMin } = document.totals;
    expect(requests).toBeLessThanOrEqual(600_000);
    expect(requests).toBe(document.stories.reduce((sum, each) => sum + each.requests, 0));
    expect(requestsThroughSdk).toBe(requests / 200);
    expect(trainings).toBeGreaterThanOrEqual(3);
    expect(trainings).toBeLessThanOrEqual(6);
    expect(distinctRowsMin).toBeGreaterThanOrEqual(50);
  });

  it('alerts and explains: every story has told people and left a page', () => {
    for (const { id } of document.stories) {
      expect(seen(id, 'people were told')).toMatch(/^[1-9]\d* alerts$/);
      expect(seen(id, 'there is a page that says why')).toMatch(/^# Why/);
    }
  });
});

describe('permissions', () => {
  it('were enough, and never exceeded: IAM has refused nothing', () => {
    expect(again.refused).toEqual([]);
    expect(Object.keys(again.usage).length).toBeGreaterThan(30);
    expect(exceeded(again.usage)).toEqual([]);
  });

  it('that nine stories do not use each have a reason', () => {
    const unexplained = unused(again.usage).filter((entry) => !UNUSED.some(([pattern]) => pattern.test(entry)));
    expect(unexplained).toEqual([]);
  });

  it('need no reason once they are used', () => {
    const entries = unused(again.usage);
    expect(UNUSED.filter(([pattern]) => !entries.some((entry) => pattern.test(entry)))).toEqual([]);
  });
});

describe('the command', () => {
  it.each([
    [['--seed', 'many'], /--seed 'many' is not a whole number\. Use e\.g\. --seed 7\./],
    [['--sed', '7'], /Usage: npm start -- \[--seed N\] \[--json\]/],
    [['now'], /Usage: npm start/],
  ])(
    'refuses %j with exit code 2 and a remedy',
    async (words, remedy) => {
      const { exitCode, stdout, stderr } = await runScript(REHEARSAL, words);
      expect(exitCode).toBe(2);
      expect(stderr).toMatch(remedy);
      expect(stdout).toBe('');
    },
    TIMEOUT_MS,
  );

  it(
    'ends with exit code 1 when a story does not end as it should',
    async () => {
      const expecting = ['--import', './tests/journeys/expect-otherwise.ts'];
      const { exitCode, stdout, stderr } = await runScript(REHEARSAL, ['--json'], expecting);
      expect(exitCode).toBe(1);
      const { ok, stories } = rehearsalDocument.parse(JSON.parse(stdout));
      expect(ok).toBe(false);
      expect(stories).toMatchObject([{ id: '1', ok: false, expected: 'ROLLED_BACK', outcome: 'PROMOTED' }]);
      expect(stderr).toMatch(/not so: it ends as expected \(PROMOTED\)/);
    },
    TIMEOUT_MS,
  );
});

describe('TARGET', () => {
  it.each([
    [{ TARGET: 'moon' }, /TARGET 'moon' is not known\. Use TARGET=local or TARGET=aws\./],
    [{ TARGET: 'aws' }, /needs AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, SWITCHYARD_ACCOUNT_ID/],
    [{ TARGET: 'aws', AWS_REGION: 'eu-central-1' }, /needs AWS_ACCESS_KEY_ID/],
  ])('%j is refused with what to configure', (environment, remedy) => {
    expect(() => targetOf(environment)).toThrow(remedy);
  });

  it('that can not inject faults is not taken for one that can', () => {
    expect(() => demandLocal('aws', 'it injects faults')).toThrow(/Use TARGET=local/);
  });
});
