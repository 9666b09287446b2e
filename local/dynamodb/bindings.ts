/** What an expression's `#aliases` and `:values` stand for in one request. */
import { type AttributeValue } from './attribute-value.ts';
import { type Path } from './document-path.ts';
import { type RawPath } from './expression-lexer.ts';

export interface Bindings {
  /** @throws ExpressionError when an alias of the path is not defined */
  path(raw: RawPath): Path;
  /** @throws ExpressionError when the value is not defined */
  value(name: string): AttributeValue;
}
