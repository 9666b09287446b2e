/** Variables of a workflow, set by Assign. A branch or an iteration reads the outer ones and sets only its own. */
import { StateError } from './errors.ts';
import { DATA_LIMIT_BYTES, type Json, type JsonObject, exceedsDataLimit } from './json.ts';

const TOTAL_LIMIT_BYTES = 10 * 1024 * 1024;
const NONE: Readonly<JsonObject> = Object.freeze({});

export class Variables {
  readonly #outer: Variables | undefined;
  #own: Readonly<JsonObject> = NONE;
  readonly #sizes = new Map<string, number>();
  #bytes = 0;
  #visible: Readonly<JsonObject> | undefined;

  constructor(outer?: Variables, own?: Readonly<JsonObject>) {
    this.#outer = outer;
    if (own) this.#own = own;
  }

  /** All variables that an expression may read; never changed afterwards, so it may be kept by an expression that runs. */
  get visible(): Readonly<JsonObject> {
    this.#visible ??= this.#outer ? { ...this.#outer.visible, ...this.#own } : this.#own;
    return this.#visible;
  }

  /** Sets variables, all at once, after every expression of the Assign has been evaluated. */
  assign(values: JsonObject): void {
    if (exceedsDataLimit(values)) {
      throw new StateError(
        'States.DataLimitExceeded',
        `The variables that Assign sets are larger than ${DATA_LIMIT_BYTES} bytes: ${Object.keys(values).join(', ')}`,
      );
    }
    const own: JsonObject = { ...this.#own };
    for (const name in values) {
      const value = values[name]!;
      this.#bytes += size(value) - (this.#sizes.get(name) ?? 0);
      this.#sizes.set(name, size(value));
      own[name] = value;
    }
    this.#own = own;
    this.#visible = undefined;
    if (this.#bytes > TOTAL_LIMIT_BYTES) {
      throw new StateError('States.DataLimitExceeded', `All variables together exceed ${TOTAL_LIMIT_BYTES} bytes`);
    }
  }
}

function size(value: Json): number {
  if (typeof value === 'string') return value.length;
  return typeof value === 'object' && value !== null ? JSON.stringify(value).length : 8;
}
