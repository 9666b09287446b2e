/** Choice: goes on where the first rule that holds points to. */
import { StateError } from '../errors.ts';
import type { Json } from '../json.ts';
import { type MaybePromise, chain } from '../maybe-promise.ts';
import type { Completion } from '../state-io.ts';
import type { Frame, Outcome, State } from '../workflow.ts';

export interface ChoiceRule {
  readonly next: string;
  holds(frame: Frame, effective: Json): MaybePromise<boolean>;
  complete(frame: Frame, effective: Json): MaybePromise<Completion>;
}

export interface Choice {
  effectiveInput(frame: Frame): MaybePromise<Json>;
  readonly rules: readonly ChoiceRule[];
  /** Where to go when no rule holds, with the state's own Output and Assign. */
  readonly otherwise: { readonly next: string; complete: ChoiceRule['complete'] } | undefined;
}

export function choiceRun(choice: Choice): State['run'] {
  return (frame) => chain(choice.effectiveInput(frame), (effective) => decide(choice, frame, effective, 0));
}

function decide(choice: Choice, frame: Frame, effective: Json, from: number): MaybePromise<Outcome> {
  for (let i = from; i < choice.rules.length; i++) {
    const rule = choice.rules[i]!;
    const holds = rule.holds(frame, effective);
    if (holds instanceof Promise) {
      return holds.then((yes) => (yes ? take(rule, frame, effective) : decide(choice, frame, effective, i + 1)));
    }
    if (holds) return take(rule, frame, effective);
  }
  if (choice.otherwise) return take(choice.otherwise, frame, effective);
  throw new StateError(
    'States.NoChoiceMatched',
    `No choice rule of the state '${frame.state.name}' matched, and it has no Default.`,
  );
}

function take(
  target: { readonly next: string; complete: ChoiceRule['complete'] },
  frame: Frame,
  effective: Json,
): MaybePromise<Outcome> {
  return chain(target.complete(frame, effective), ({ output, assign }) => ({ output, next: target.next, assign }));
}
