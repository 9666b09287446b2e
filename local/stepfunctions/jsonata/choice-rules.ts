/** Choice rules in JSONata: one Condition each. */
import { queryEvaluationError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { chain } from '../maybe-promise.ts';
import type { Choice } from '../states/choice.ts';
import type { Expressions } from './expressions.ts';
import { compileCompletion } from './state-io.ts';
import { compileTemplate, evaluateTemplate } from './templates.ts';

export function jsonataChoice(definition: JsonObject, expressions: Expressions): Choice {
  const rules = (definition['Choices'] as JsonObject[]).map((rule, i) => {
    const field = `Choices[${i}]/Condition`;
    const condition = compileTemplate(rule['Condition']!, field, expressions);
    const finish = compileCompletion(rule, `Choices[${i}]/`, expressions);
    return {
      next: rule['Next'] as string,
      holds: (frame: Parameters<typeof evaluateTemplate>[1]) =>
        chain(evaluateTemplate(condition, frame), (value) => {
          if (typeof value === 'boolean') return value;
          throw queryEvaluationError(
            `The field '${field}' must be a boolean but was ${JSON.stringify(value)}`.slice(0, 1000),
            field,
          );
        }),
      complete: (frame: Parameters<typeof finish>[0]) => finish(frame, undefined, frame.input),
    };
  });
  const finish = compileCompletion(definition, '', expressions);
  const next = definition['Default'] as string | undefined;
  return {
    effectiveInput: (frame) => frame.input,
    rules,
    otherwise: next === undefined ? undefined : { next, complete: (frame) => finish(frame, undefined, frame.input) },
  };
}
