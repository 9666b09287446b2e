/** Functions that AWS adds to JSONata 2.0.6, and those that must take time and chance from the laptop cloud. */
import { createHash } from 'node:crypto';
import jsonata from 'jsonata';
import type { VirtualClock } from '../../kernel/clock.ts';
import { type Random, newRandom } from '../../kernel/random.ts';

const HASH_ALGORITHMS: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** Time and chance for expressions. */
export interface ExpressionWorld {
  readonly clock: VirtualClock;
  readonly random: Random;
}

/** Raised inside an expression; its message becomes the cause of States.QueryEvaluationError. */
export class ExpressionFunctionError extends Error {
  override readonly name = 'ExpressionFunctionError';
}

const formatTime = jsonata('$fromMillis($ms, $picture, $timezone)');

/** Registers the functions on a compiled expression. */
export function registerFunctions(expression: jsonata.Expression, world: ExpressionWorld): void {
  const { clock, random } = world;
  expression.registerFunction('eval', refuseEval, '<sx?:x>');
  expression.registerFunction('partition', partition, '<an:a>');
  expression.registerFunction('range', range, '<nnn:a>');
  expression.registerFunction('hash', hash, '<ss:s>');
  expression.registerFunction('random', (seed?: number) => randomNumber(random, seed), '<n?:n>');
  expression.registerFunction('uuid', () => random.uuid(), '<:s>');
  expression.registerFunction('parse', parse, '<s:x>');
  expression.registerFunction('millis', () => clock.now(), '<:n>');
  expression.registerFunction(
    'now',
    (picture?: string, timezone?: string) =>
      formatTime.evaluate(undefined, { ms: clock.now(), picture, timezone }) as Promise<unknown>,
    '<s?s?:s>',
  );
  expression.registerFunction('shuffle', (items: unknown[]) => shuffle(random, items), '<a:a>');
}

function refuseEval(): never {
  throw new ExpressionFunctionError('The function $eval is not supported');
}

/** Splits an array into chunks of a size. */
function partition(items: unknown[], chunkSize: number): unknown[][] {
  const size = Math.round(chunkSize);
  if (size < 1) throw new ExpressionFunctionError(`$partition: the chunk size ${chunkSize} is not a positive number`);
  const chunks: unknown[][] = [];
  for (let i = 0; i < items.length; i += size) chunks.push(items.slice(i, i + size));
  return chunks;
}

/** Numbers from start to end, both included, by a step; at most 1000, as AWS has it. */
function range(start: number, end: number, step: number): number[] {
  if (step === 0) throw new ExpressionFunctionError('$range: the step must not be 0');
  const numbers: number[] = [];
  for (let value = start; step > 0 ? value <= end : value >= end; value += step) {
    if (numbers.push(value) > 1000) throw new ExpressionFunctionError('$range: more than 1000 numbers');
  }
  return numbers;
}

function hash(data: string, algorithm: string): string {
  const name = HASH_ALGORITHMS[algorithm];
  if (name === undefined) {
    const known = Object.keys(HASH_ALGORITHMS).join(', ');
    throw new ExpressionFunctionError(`$hash: unknown algorithm '${algorithm}', use one of ${known}`);
  }
  return createHash(name).update(data).digest('hex');
}

/** The same seed gives the same number; without a seed the run's own stream answers. */
function randomNumber(random: Random, seed: number | undefined): number {
  return seed === undefined ? random.next() : newRandom(Math.trunc(seed), `states-jsonata/${seed}`).next();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ExpressionFunctionError(`$parse: ${(error as Error).message}`);
  }
}

function shuffle(random: Random, items: unknown[]): unknown[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.integer(0, i);
    [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
  }
  return shuffled;
}
