/** The JSONPath subset that EventBridge takes in InputPath, InputPathsMap and pipeline parameters. */

/** A member's name, an element's index, or all elements. */
type Step = string | number | typeof ALL;

const ALL = Symbol('all elements');

/** Splits `$.detail.items[0].name`, `$['detail-type']` or `$.items[*].id`; undefined when it is none of these. */
function parsePath(path: string): Step[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: Step[] = [];
  let rest = path.slice(1);
  while (rest !== '') {
    const match = /^(?:\.([\w$-]+)|\[(\d+)\]|\[(\*)\]|\['([^']+)'\])/.exec(rest);
    if (!match) return undefined;
    const [whole, name, index, star, quoted] = match;
    steps.push(star !== undefined ? ALL : index !== undefined ? Number(index) : (name ?? quoted)!);
    rest = rest.slice(whole.length);
  }
  return steps;
}

/** Whether EventBridge would accept the path. */
export function isJsonPath(path: string): boolean {
  return parsePath(path) !== undefined;
}

function follow(value: unknown, steps: readonly Step[]): unknown {
  const [step, ...rest] = steps;
  if (step === undefined) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  if (step === ALL) {
    if (!Array.isArray(value)) return undefined;
    return value.map((element) => follow(element, rest)).filter((element) => element !== undefined);
  }
  return follow((value as Record<string | number, unknown>)[step], rest);
}

/** The value at a path that `isJsonPath` accepts; undefined when the event has none. */
export function readJsonPath(value: unknown, path: string): unknown {
  const steps = parsePath(path);
  if (!steps) throw new RangeError(`'${path}' is not a JSON path of the form $.a.b[0]`);
  return follow(value, steps);
}
