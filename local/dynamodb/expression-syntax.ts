/** The syntax trees of DynamoDB's expressions. They depend on the text alone, so they can be cached. */
import { type RawPath } from './expression-lexer.ts';

export interface PathOperand {
  readonly kind: 'path';
  readonly path: RawPath;
}
export interface ValueOperand {
  readonly kind: 'value';
  /** `:name` */
  readonly name: string;
}
export interface SizeOperand {
  readonly kind: 'size';
  readonly operand: Operand;
}
export type Operand = PathOperand | ValueOperand | SizeOperand;

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type ConditionFunction =
  'attribute_exists' | 'attribute_not_exists' | 'attribute_type' | 'begins_with' | 'contains';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'compare'; readonly operator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly operand: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly operand: Operand; readonly options: readonly Operand[] }
  | { readonly kind: 'function'; readonly name: ConditionFunction; readonly operands: readonly Operand[] };

/** The right-hand side of SET. */
export type SetValue =
  | PathOperand
  | ValueOperand
  | { readonly kind: 'add' | 'subtract'; readonly left: SetValue; readonly right: SetValue }
  | { readonly kind: 'if_not_exists'; readonly path: RawPath; readonly otherwise: SetValue }
  | { readonly kind: 'list_append'; readonly first: SetValue; readonly second: SetValue };

export type UpdateAction =
  | { readonly kind: 'set'; readonly path: RawPath; readonly value: SetValue }
  | { readonly kind: 'remove'; readonly path: RawPath }
  | { readonly kind: 'add' | 'delete'; readonly path: RawPath; readonly value: ValueOperand };

/** A parsed expression and the names it uses. */
export interface Parsed<T> {
  readonly tree: T;
  readonly aliases: ReadonlySet<string>;
  readonly values: ReadonlySet<string>;
}
