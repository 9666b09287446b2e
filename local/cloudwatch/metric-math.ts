/** Evaluates metric math over time series that share one grid of timestamps. */
import { UnsupportedFeature } from '../kernel/errors.ts';
import { type Expression, expressionError } from './expression-parser.ts';

/** One value per timestamp of the grid; undefined where data is missing. */
export type TimeSeries = readonly (number | undefined)[];

export type MathValue =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'series'; readonly values: TimeSeries }
  | { readonly kind: 'array'; readonly members: readonly TimeSeries[] };

export interface MathScope {
  /** The expression's text, for error messages. */
  readonly text: string;
  /** Number of timestamps in the grid. */
  readonly length: number;
  readonly periodSeconds: number;
  /** The value of another query. @throws when there is none */
  lookup(id: string): MathValue;
  /** The series of every metric (not expression) of the request, for METRICS(). */
  metrics(): readonly TimeSeries[];
}

type Numeric = (a: number, b: number) => number;

const BINARY: Readonly<Record<string, Numeric>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '^': (a, b) => a ** b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '<=': (a, b) => Number(a <= b),
  '>': (a, b) => Number(a > b),
  '>=': (a, b) => Number(a >= b),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  AND: (a, b) => Number(a !== 0 && b !== 0),
  '||': (a, b) => Number(a !== 0 || b !== 0),
  OR: (a, b) => Number(a !== 0 || b !== 0),
};

const UNARY: Readonly<Record<string, (a: number) => number>> = {
  ABS: Math.abs,
  CEIL: Math.ceil,
  FLOOR: Math.floor,
  LOG: Math.log,
  LOG10: Math.log10,
};

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const AGGREGATE: Readonly<Record<string, (values: readonly number[]) => number>> = {
  SUM: (values) => values.reduce((a, b) => a + b, 0),
  AVG: mean,
  MIN: (values) => Math.min(...values),
  MAX: (values) => Math.max(...values),
  STDDEV: (values) => Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))),
};

const present = (series: TimeSeries): number[] => series.filter((value) => value !== undefined);
const isFiniteNumber = (value: number | undefined): number | undefined =>
  value !== undefined && Number.isFinite(value) ? value : undefined;

/** Applies a function of n operands point by point; a missing operand makes the point missing, as does a division by zero. */
function pointwise(
  operands: readonly MathValue[],
  length: number,
  apply: (values: readonly number[]) => number | undefined,
): MathValue {
  const arrays = operands.filter((operand) => operand.kind === 'array');
  if (arrays.length > 0) {
    const size = arrays[0]!.members.length;
    const members = Array.from({ length: size }, (_, index) => {
      const single = operands.map((operand) =>
        operand.kind === 'array' ? { kind: 'series' as const, values: operand.members[index] ?? [] } : operand,
      );
      const result = pointwise(single, length, apply);
      return result.kind === 'series' ? result.values : [];
    });
    return { kind: 'array', members };
  }
  const at = (operand: MathValue, index: number): number | undefined =>
    operand.kind === 'scalar' ? operand.value : operand.kind === 'series' ? operand.values[index] : undefined;
  const point = (index: number): number | undefined => {
    const values = operands.map((operand) => at(operand, index));
    return values.includes(undefined) ? undefined : isFiniteNumber(apply(values as number[]));
  };
  if (operands.every((operand) => operand.kind === 'scalar')) {
    return { kind: 'scalar', value: apply(operands.map((operand) => operand.value)) ?? NaN };
  }
  return { kind: 'series', values: Array.from({ length }, (_, index) => point(index)) };
}

class Evaluator {
  readonly #scope: MathScope;

  constructor(scope: MathScope) {
    this.#scope = scope;
  }

  evaluate(expression: Expression): MathValue {
    const { length } = this.#scope;
    switch (expression.kind) {
      case 'number':
        return { kind: 'scalar', value: expression.value };
      case 'text':
        throw this.#error(`the text "${expression.value}" is not allowed here`);
      case 'name':
        return this.#scope.lookup(expression.name);
      case 'list':
        return { kind: 'array', members: expression.items.map((item) => this.#series(item)) };
      case 'negate':
        return pointwise([this.evaluate(expression.operand)], length, ([a]) => -a!);
      case 'not':
        return pointwise([this.evaluate(expression.operand)], length, ([a]) => Number(a === 0));
      case 'binary': {
        const apply = BINARY[expression.operator]!;
        const operands = [this.evaluate(expression.left), this.evaluate(expression.right)];
        return pointwise(operands, length, ([a, b]) => apply(a!, b!));
      }
      case 'call':
        return this.#call(expression.name, expression.parameters);
    }
  }

  #error(why: string): Error {
    return expressionError(this.#scope.text, why);
  }

  #series(expression: Expression): TimeSeries {
    const value = this.evaluate(expression);
    if (value.kind === 'series') return value.values;
    if (value.kind === 'scalar') return Array.from({ length: this.#scope.length }, () => value.value);
    throw this.#error('an array of time series is not allowed here');
  }

  #call(name: string, parameters: readonly Expression[]): MathValue {
    const arity = (least: number, most = least): void => {
      if (parameters.length < least || parameters.length > most) {
        throw this.#error(
          `${name} takes ${least === most ? least : `${least} to ${most}`} parameters, not ${parameters.length}`,
        );
      }
    };
    if (Object.hasOwn(UNARY, name)) {
      arity(1);
      return pointwise([this.evaluate(parameters[0]!)], this.#scope.length, ([a]) => UNARY[name]!(a!));
    }
    if (Object.hasOwn(AGGREGATE, name)) {
      arity(1);
      return this.#aggregate(AGGREGATE[name]!, this.evaluate(parameters[0]!));
    }
    switch (name) {
      case 'FILL':
        arity(2);
        return this.#fill(this.evaluate(parameters[0]!), parameters[1]!);
      case 'IF':
        arity(2, 3);
        return this.#choose(parameters);
      case 'METRICS':
        if (parameters.length > 0)
          throw new UnsupportedFeature('METRICS("text") in metric math', 'name the metrics by id');
        return { kind: 'array', members: this.#scope.metrics() };
      case 'PERIOD':
        arity(1);
        return { kind: 'scalar', value: this.#scope.periodSeconds };
      case 'TIME_SERIES':
        arity(1);
        return { kind: 'series', values: this.#series(parameters[0]!) };
      case 'DATAPOINT_COUNT':
        arity(1);
        return { kind: 'scalar', value: present(this.#series(parameters[0]!)).length };
      case 'DIFF':
      case 'RATE':
        arity(1);
        return { kind: 'series', values: this.#differences(this.#series(parameters[0]!), name === 'RATE') };
      case 'RUNNING_SUM': {
        arity(1);
        let total = 0;
        const values = this.#series(parameters[0]!).map((value) =>
          value === undefined ? undefined : (total += value),
        );
        return { kind: 'series', values };
      }
      default:
        throw new UnsupportedFeature(`the function ${name} of CloudWatch metric math`);
    }
  }

  /** Over an array: point by point across the series. Over one series: a scalar. Missing points are left out. */
  #aggregate(combine: (values: readonly number[]) => number, value: MathValue): MathValue {
    if (value.kind === 'scalar') return { kind: 'scalar', value: combine([value.value]) };
    if (value.kind === 'series') {
      const values = present(value.values);
      return { kind: 'scalar', value: values.length === 0 ? NaN : combine(values) };
    }
    const values = Array.from({ length: this.#scope.length }, (_, index) => {
      const there = value.members.map((member) => member[index]).filter((point) => point !== undefined);
      return there.length === 0 ? undefined : combine(there);
    });
    return { kind: 'series', values };
  }

  #fill(value: MathValue, filler: Expression): MathValue {
    if (value.kind === 'scalar') throw this.#error('FILL takes a time series or an array of them');
    const members = value.kind === 'array' ? value.members : [value.values];
    const filled = members.map((series) => this.#fillSeries(series, filler));
    return value.kind === 'array' ? { kind: 'array', members: filled } : { kind: 'series', values: filled[0]! };
  }

  #fillSeries(series: TimeSeries, filler: Expression): TimeSeries {
    if (filler.kind === 'name' && filler.name === 'REPEAT') {
      let last: number | undefined;
      return series.map((value) => (last = value ?? last));
    }
    if (filler.kind === 'name' && filler.name === 'LINEAR') throw new UnsupportedFeature('FILL(metric, LINEAR)');
    const other = this.evaluate(filler);
    if (other.kind === 'array')
      throw this.#error('FILL takes a number, REPEAT or a time series as its second parameter');
    return series.map((value, index) => value ?? (other.kind === 'scalar' ? other.value : other.values[index]));
  }

  /** IF(condition, a, b): the point is missing where the condition, or the branch it chooses, is missing. */
  #choose(parameters: readonly Expression[]): MathValue {
    const [condition, whenTrue, whenFalse] = parameters.map((parameter) => this.evaluate(parameter));
    const all = [condition!, whenTrue!, ...(whenFalse ? [whenFalse] : [])];
    if (all.some((value) => value.kind === 'array'))
      throw new UnsupportedFeature('IF over arrays of time series in metric math');
    if (all.every((value) => value.kind === 'scalar')) {
      const chosen = (condition as { value: number }).value !== 0 ? whenTrue! : whenFalse;
      return { kind: 'scalar', value: chosen?.kind === 'scalar' ? chosen.value : NaN };
    }
    const at = (value: MathValue | undefined, index: number): number | undefined =>
      value?.kind === 'scalar' ? value.value : value?.kind === 'series' ? value.values[index] : undefined;
    const values = Array.from({ length: this.#scope.length }, (_, index) => {
      const decision = at(condition, index);
      if (decision === undefined) return undefined;
      return at(decision !== 0 ? whenTrue : whenFalse, index);
    });
    return { kind: 'series', values };
  }

  /** Difference to the previous existing point; RATE divides it by the seconds between them. */
  #differences(series: TimeSeries, perSecond: boolean): TimeSeries {
    let previous: { index: number; value: number } | undefined;
    return series.map((value, index) => {
      if (value === undefined) return undefined;
      const before = previous;
      previous = { index, value };
      if (!before) return undefined;
      const seconds = perSecond ? (index - before.index) * this.#scope.periodSeconds : 1;
      return (value - before.value) / seconds;
    });
  }
}

/**
 * The value of an expression.
 * @throws AwsError ValidationError on misuse, UnsupportedFeature for functions that are not emulated
 */
export function evaluateExpression(expression: Expression, scope: MathScope): MathValue {
  return new Evaluator(scope).evaluate(expression);
}
