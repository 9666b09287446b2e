import type { PairedAccuracyReport } from '../accuracy/paired-test.ts';
import type { GuardrailEvidence, Reason, Verdict } from '../judge/verdict.ts';
import type { RolloutForecast } from '../preflight/plan-rollout.ts';
import { formatUtc, formatUtcMinute } from '../time/utc.ts';
import { escapeMarkdown } from './escape.ts';

/** What the page is made of. Texts may come from anywhere: they are escaped. Times in ms since 1970. */
export interface WhyInput {
  readonly model: string;
  readonly rolloutId: string;
  readonly endpoint: string;
  readonly championVersion: string | null;
  readonly challengerVersion: string;
  readonly outcome: 'PROMOTED' | 'ROLLED_BACK' | 'REFUSED' | 'FAILED_SAFE' | 'UNDER_WAY';
  /** What decided, in one sentence, as the record has it. */
  readonly reason: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  /** First minute in which something was wrong, where it is known. */
  readonly firstBadAtMs?: number | undefined;
  /** An abort, an alarm or a dead controller, when one of them ended the rollout. */
  readonly stop?:
    { readonly kind: string; readonly detail: string; readonly by: string; readonly atMs: number } | undefined;
  readonly looks: number;
  /** The last look, which decided unless `stop` is given. */
  readonly lastLook?: { readonly look: number; readonly atMs: number; readonly verdict: Verdict } | undefined;
  readonly accuracy?: PairedAccuracyReport | undefined;
  readonly forecast?: RolloutForecast | undefined;
  /** What was done to the world, in order. */
  readonly timeline: readonly { readonly atMs: number; readonly what: string }[];
}

/** The newest entries that fit on a page. */
const timelineEntriesMax = 40;

/** The one-page 'why' of a rollout in Markdown: what happened, since when, what decided, the numbers, what to do next. */
export function whyPage(input: WhyInput): string {
  const sections = [
    heading(input),
    decided(input),
    numbers(input),
    accuracyLines(input.accuracy),
    forecastLines(input.forecast),
    nextSteps(input),
    timeline(input),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const happened: Record<WhyInput['outcome'], string> = {
  PROMOTED: 'The challenger was promoted and is the champion now.',
  ROLLED_BACK: 'The challenger was rolled back; the champion has all the traffic.',
  REFUSED: 'The challenger was refused before it got any traffic.',
  FAILED_SAFE: 'The way back could not be confirmed: a human must look at the endpoint.',
  UNDER_WAY: 'The rollout is under way.',
};

function heading(input: WhyInput): string[] {
  const text = escapeMarkdown;
  return [
    `# Why: ${text(input.model)} ${input.outcome.toLowerCase().replace('_', ' ')}`,
    '',
    happened[input.outcome],
    '',
    `- Rollout: ${text(input.rolloutId)} on endpoint ${text(input.endpoint)}`,
    `- Champion: ${input.championVersion === null ? 'none (first deployment)' : text(input.championVersion)}`,
    `- Challenger: ${text(input.challengerVersion)}`,
    `- From ${formatUtc(input.startedAtMs)} to ${input.endedAtMs === null ? 'now' : formatUtc(input.endedAtMs)}, ${input.looks} looks`,
    ...(input.firstBadAtMs === undefined ? [] : [`- First bad minute: ${formatUtc(input.firstBadAtMs)}`]),
  ];
}

function decided(input: WhyInput): string[] {
  const lines = ['## What decided', '', escapeMarkdown(input.reason)];
  if (input.stop !== undefined) {
    const { kind, detail, by, atMs } = input.stop;
    lines.push('', `- ${formatUtc(atMs)}: ${escapeMarkdown(kind)} by ${escapeMarkdown(by)}: ${escapeMarkdown(detail)}`);
  }
  if (input.lastLook !== undefined) {
    const { look, atMs, verdict } = input.lastLook;
    lines.push('', `Look ${look} at ${formatUtc(atMs)} said **${verdict.decision}**:`, '');
    lines.push(...verdict.reasons.map((reason) => `- ${reasonSentence(reason)}`));
  }
  return lines;
}

/** A verdict's reason as a sentence. */
export function reasonSentence(reason: Reason): string {
  switch (reason.code) {
    case 'HARM_PROVEN':
      return `${reason.guardrail}: harm is proven, E = ${number(reason.eValue)}, at least ${number(reason.threshold)} was needed`;
    case 'HARD_LIMIT_BROKEN': {
      const { limit, threshold, worst, minutes, requests } = reason.breach;
      const when = minutes.map(formatUtcMinute).join(', ');
      return `${limit}: above the hard limit ${number(threshold)} in ${minutes.length} minutes (${when}), worst ${number(worst)}, ${requests} requests`;
    }
    case 'INCONCLUSIVE_TIMEOUT':
      return `undecided after ${reason.heldMinutes} minutes of holding (${reason.holdMinutesMax} are allowed): rolled back to be safe`;
    case 'NOTHING_AGAINST_IT':
      return `${reason.minutes} minutes are over and nothing speaks against it`;
    case 'NON_INFERIOR':
      return `${reason.guardrail}: not worse than allowed, E = ${number(reason.eValue)} by the ${reason.route} route, at least ${number(reason.threshold)} was needed`;
    case 'NO_DATA':
      return `no usable requests of ${reason.arm === 'both' ? 'either arm' : `the ${reason.arm}`}: neither a pass nor a failure`;
    case 'TIME_NOT_OVER':
      return `${reason.elapsedMinutes} of ${reason.neededMinutes} minutes are over`;
    case 'MINUTES_MISSING':
      return `metrics were there in ${percent(reason.coverage)} of the minutes, ${percent(reason.neededCoverage)} are needed`;
    case 'TOO_FEW_REQUESTS':
      return `the challenger answered ${reason.requests} requests, ${reason.neededRequests} are needed`;
    case 'NOT_YET_NON_INFERIOR':
      return `${reason.guardrail}: not yet shown to be no worse than allowed, E = ${number(reason.eValue)}, ${number(reason.threshold)} is needed`;
  }
}

function numbers(input: WhyInput): string[] {
  const evidence = input.lastLook?.verdict.evidence;
  if (evidence === undefined) return [];
  const rows = evidence.guardrails.map(guardrailRow);
  return [
    '## The numbers',
    '',
    `${evidence.phase === 'bake' ? 'Bake at 100 %' : `Step at ${evidence.sharePercent} %`}, ` +
      `${formatUtcMinute(evidence.fromMinute)} to ${formatUtcMinute(evidence.untilMinute)}: ` +
      `${evidence.coveredMinutes} of ${evidence.elapsedMinutes} minutes covered, ${evidence.requests} challenger requests. ` +
      `${escapeMarkdown(evidence.note)}.`,
    '',
    '| guardrail | challenger bad / requests | champion bad / requests | E of harm (limit) | E of non-inferiority (limit) | limit share |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ];
}

function guardrailRow(row: GuardrailEvidence): string {
  const routes = [row.promoteRatioE, row.promoteBernoulliE].filter((value) => value !== null);
  const promote =
    routes.length === 0 ? 'not asked' : `${number(Math.max(...routes))} (${number(row.promoteThreshold)})`;
  const cells = [
    row.guardrail,
    `${row.challengerBad} / ${row.challengerRequests}`,
    `${row.championBad} / ${row.championRequests}`,
    `${number(row.rollbackE)} (${number(row.rollbackThreshold)})`,
    promote,
    `${percent(row.limitShare)} (${row.control})`,
  ];
  return `| ${cells.join(' | ')} |`;
}

function accuracyLines(report: PairedAccuracyReport | undefined): string[] {
  if (report === undefined) return [];
  const unpaired = report.rowsNeededUnpaired === null ? 'an unknown number of' : report.rowsNeededUnpaired;
  const paired = report.rowsNeededPaired === null ? 'an unknown number' : report.rowsNeededPaired;
  return [
    '## Accuracy before any traffic',
    '',
    `**${report.decision}**: ${escapeMarkdown(report.summary)}.`,
    '',
    `Unpaired it would have taken ${unpaired} rows per arm, paired ${paired}.`,
  ];
}

function forecastLines(forecast: RolloutForecast | undefined): string[] {
  if (forecast === undefined) return [];
  return [
    '## Forecast before the start',
    '',
    `At ${number(forecast.requestsPerMinute)} requests a minute ${percent(forecast.promotedShare)} of healthy rollouts are promoted, ` +
      `${percent(forecast.undecidedShare)} stay undecided (at most ${percent(forecast.undecidedShareMax)} are allowed).`,
    ...forecast.detections.map(
      ({ ratio, caughtShare, minutes }) =>
        `- ${ratio} times the bad requests: caught in ${percent(caughtShare)} of rollouts` +
        (minutes === null ? '' : `, in the middle after ${minutes} minutes`),
    ),
  ];
}

function nextSteps(input: WhyInput): string[] {
  const steps: Record<WhyInput['outcome'], string[]> = {
    PROMOTED: ['Nothing. Within the keep-warm time a rollback on demand is one weight change.'],
    ROLLED_BACK: [
      "Read the challenger's logs of the minutes above, and the captured requests that failed.",
      'Correct the version, register it anew, and let it be approved: the same version can be tried again as a new rollout.',
    ],
    REFUSED: ['Correct what is named above and register a new version. Nothing on the endpoint has changed.'],
    FAILED_SAFE: [
      "Look at the endpoint's configuration, weights and failure reason now, and set the champion to 100 % by hand.",
      'Do not delete any configuration before the champion is read back at 100 %.',
    ],
    UNDER_WAY: ['Wait for the next look, or abort the rollout.'],
  };
  const timedOut = input.lastLook?.verdict.reasons[0]?.code === 'INCONCLUSIVE_TIMEOUT';
  const advice =
    timedOut && input.outcome === 'ROLLED_BACK'
      ? [
          'Nothing was proven against the challenger: there was too little to see. Try again with more traffic, a longer hold or a larger last share.',
        ]
      : steps[input.outcome];
  return ['## What to do next', '', ...advice.map((step) => `- ${step}`)];
}

function timeline(input: WhyInput): string[] {
  if (input.timeline.length === 0) return [];
  const left = Math.max(0, input.timeline.length - timelineEntriesMax);
  const entries = input.timeline.slice(left).map(({ atMs, what }) => `- ${formatUtc(atMs)}: ${escapeMarkdown(what)}`);
  return ['## What was done', '', ...(left > 0 ? [`- (${left} earlier entries are in the record)`] : []), ...entries];
}

function number(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function percent(share: number): string {
  return `${number(share * 100)} %`;
}
