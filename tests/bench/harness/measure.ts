/** Measures the same work on several sides in alternate rounds, and believes no number whose work was not checked. */
import { isDeepStrictEqual } from 'node:util';

/** One implementation of a case's work. */
export interface Side {
  readonly name: string;
  /** A fresh world for one round; making it is not measured. */
  open(): Promise<Round>;
}

export interface Round {
  /** Does the case's work once. Only this is measured. */
  work(): Promise<void>;
  /** What the latest work left behind, read back from the side; not measured. */
  outcome(): Promise<unknown>;
  close(): Promise<void>;
}

export interface Measurement {
  readonly sides: readonly Side[];
  /** Units (transitions, writes) that one `work()` does. */
  readonly units: number;
  /** What `outcome()` must equal on every side after each work. */
  readonly expected: unknown;
  readonly plan: Plan;
}

/** How long is measured. */
export interface Plan {
  /** Rounds of each side before the first that counts. */
  readonly warmUpRounds: number;
  /** Rounds of each side that count; sides alternate (A B A B ...). */
  readonly rounds: number;
  /** A round repeats the work until it took this long, in milliseconds. */
  readonly roundMs: number;
  /** Milliseconds of a steady clock: wall time, or the process's processor time where every side keeps it busy. */
  readonly nowMs: () => number;
}

/** Raised when a side failed or did other work than the case asks for: its speed would mean nothing. */
export class DifferentOutcome extends Error {
  override readonly name = 'DifferentOutcome';
}

/**
 * Units per second of each side: the median over its rounds.
 * @throws DifferentOutcome when a side leaves behind anything but the expected outcome
 */
export async function measureRates(measurement: Measurement): Promise<ReadonlyMap<string, number>> {
  const { sides, plan } = measurement;
  const rates = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  for (let i = 0; i < plan.warmUpRounds + plan.rounds; i++) {
    for (const side of sides) {
      const rate = await runRound(side, measurement);
      if (i >= plan.warmUpRounds) rates.get(side.name)!.push(rate);
    }
  }
  return new Map([...rates].map(([name, values]) => [name, Math.round(median(values))]));
}

async function runRound(side: Side, { units, expected, plan }: Measurement): Promise<number> {
  const round = await side.open();
  try {
    // The first work of a round opens connections and the like.
    await timeWork(side, round, expected, plan);
    let elapsedMs = 0;
    let works = 0;
    while (elapsedMs < plan.roundMs) {
      elapsedMs += await timeWork(side, round, expected, plan);
      works++;
    }
    return (units * works * 1000) / elapsedMs;
  } finally {
    await round.close();
  }
}

/** Does the work once and checks it. @returns milliseconds of the work alone */
async function timeWork(side: Side, round: Round, expected: unknown, plan: Plan): Promise<number> {
  const startMs = plan.nowMs();
  await round.work();
  const elapsedMs = plan.nowMs() - startMs;
  const outcome = await round.outcome();
  if (!isDeepStrictEqual(outcome, expected)) {
    throw new DifferentOutcome(
      `'${side.name}' left ${shortened(outcome)} behind instead of ${shortened(expected)}: ` +
        'a comparison with it would mean nothing; mend the side or the expected outcome',
    );
  }
  return elapsedMs;
}

function shortened(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 300)}... (${text.length} characters)` : text;
}

/** The middle value, or the mean of the two middle ones. @throws RangeError without values */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('the median of no values: measure at least one round');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
