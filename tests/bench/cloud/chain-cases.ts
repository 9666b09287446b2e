/** Chains of states, each written for JSONPath and for JSONata so that both do the same to the same input. */
type Definition = Readonly<Record<string, unknown>>;

export interface ChainCase {
  readonly case: string;
  /** Both interpreters run this one. */
  readonly jsonPath: Definition;
  /** Only ours has JSONata; absent where the case is about JSONPath alone. */
  readonly jsonata?: Definition;
  readonly input: unknown;
  /** Worked out here, not by an interpreter. */
  readonly output: unknown;
  /** State transitions of one execution. */
  readonly transitions: number;
}

/** @param states of each chain */
export function chainCases(states: number): readonly ChainCase[] {
  return [
    noExpressions(states),
    constantOutput(states),
    paths(states),
    oneExpression(states),
    libraryFunction(states),
    choiceLoop(states >> 1),
  ];
}

/** Pass states in a row. @param fields of the state at a position */
function passChain(states: number, fields: (i: number) => Definition, language: Definition = {}): Definition {
  const entries = Array.from({ length: states }, (_, i) => [
    `Step${i}`,
    { Type: 'Pass', ...fields(i), ...(i === states - 1 ? { End: true } : { Next: `Step${i + 1}` }) },
  ]);
  return { ...language, StartAt: 'Step0', States: Object.fromEntries(entries) as object };
}

const JSONATA = { QueryLanguage: 'JSONata' };

function noExpressions(states: number): ChainCase {
  const input = { model: 'demand-forecast', step: { weight: 5, holdMinutes: 30 } };
  const jsonPath = passChain(states, () => ({}));
  return { case: 'Pass chain without expressions', jsonPath, input, output: input, transitions: states };
}

function constantOutput(states: number): ChainCase {
  const constant = { verdict: 'ADVANCE', step: { weight: 10, variants: ['blue', 'green'] } };
  return {
    case: 'JSONata: constant output',
    jsonPath: passChain(states, () => ({ Result: constant })),
    jsonata: passChain(states, () => ({ Output: constant }), JSONATA),
    input: {},
    output: constant,
    transitions: states,
  };
}

/** Each state swaps two members and keeps a third, so the output tells an even from an odd number of states. */
function paths(states: number): ChainCase {
  const input = { champion: 'blue', challenger: 'green', model: { name: 'demand-forecast' } };
  const swapped = { champion: 'green', challenger: 'blue', model: { name: 'demand-forecast' } };
  return {
    case: 'JSONata: three paths',
    jsonPath: passChain(states, () => ({
      Parameters: { 'champion.$': '$.challenger', 'challenger.$': '$.champion', model: { 'name.$': '$.model.name' } },
    })),
    jsonata: passChain(
      states,
      () => ({
        Output: {
          champion: '{% $states.input.challenger %}',
          challenger: '{% $states.input.champion %}',
          model: { name: '{% $states.input.model.name %}' },
        },
      }),
      JSONATA,
    ),
    input,
    output: states % 2 === 0 ? input : swapped,
    transitions: states,
  };
}

function oneExpression(states: number): ChainCase {
  return {
    case: 'JSONata: one expression',
    jsonPath: passChain(states, () => ({ Parameters: { 'count.$': 'States.MathAdd($.count, 1)' } })),
    jsonata: passChain(states, () => ({ Output: { count: '{% $states.input.count + 1 %}' } }), JSONATA),
    input: { count: 0 },
    output: { count: states },
    transitions: states,
  };
}

/**
 * Neither function has a short cut in our interpreter: the jsonata library evaluates them. States encode and decode in turn; an
 * odd number of them ends encoded. (A chain of $hash would do more, but the peer's digests are wrong from 56 characters on.)
 */
function libraryFunction(states: number): ChainCase {
  const odd = states | 1;
  const text = 'demand-forecast';
  const jsonPath = (name: string): Definition => ({ Parameters: { 'text.$': `States.${name}($.text)` } });
  const jsonata = (name: string): Definition => ({ Output: { text: `{% $${name}($states.input.text) %}` } });
  return {
    case: 'JSONata: functions of the jsonata library',
    jsonPath: passChain(odd, (i) => jsonPath(i % 2 === 0 ? 'Base64Encode' : 'Base64Decode')),
    jsonata: passChain(odd, (i) => jsonata(i % 2 === 0 ? 'base64encode' : 'base64decode'), JSONATA),
    input: { text },
    output: { text: Buffer.from(text).toString('base64') },
    transitions: odd,
  };
}

/** @param turns of a loop of one Pass and one Choice */
function choiceLoop(turns: number): ChainCase {
  const choice = { Type: 'Choice', Default: 'Done' };
  return {
    case: 'JSONata: loop of Pass and Choice',
    jsonPath: {
      StartAt: 'Count',
      States: {
        Count: { Type: 'Pass', Parameters: { 'count.$': 'States.MathAdd($.count, 1)' }, Next: 'More' },
        More: { ...choice, Choices: [{ Variable: '$.count', NumericLessThan: turns, Next: 'Count' }] },
        Done: { Type: 'Succeed' },
      },
    },
    jsonata: {
      ...JSONATA,
      StartAt: 'Count',
      States: {
        Count: { Type: 'Pass', Output: { count: '{% $states.input.count + 1 %}' }, Next: 'More' },
        More: { ...choice, Choices: [{ Condition: `{% $states.input.count < ${turns} %}`, Next: 'Count' }] },
        Done: { Type: 'Succeed' },
      },
    },
    input: { count: 0 },
    output: { count: turns },
    transitions: 2 * turns + 1,
  };
}
