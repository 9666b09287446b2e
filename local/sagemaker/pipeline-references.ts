/** References in pipeline definitions: {"Get": ...}, {"Std:Join": ...}, {"Std:JsonGet": ...}, and paths into values. */

/** A reference that leads nowhere or to a value of the wrong kind; the step that uses it fails with this message. */
export class UnresolvedReference extends Error {
  override readonly name = 'UnresolvedReference';
}

export interface Scope {
  readonly parameters: ReadonlyMap<string, unknown>;
  /** Members of `Execution.`, for instance PipelineExecutionId. */
  readonly execution: Readonly<Record<string, unknown>>;
  /** The description members of a step that has succeeded. */
  properties(stepName: string): unknown;
  /** The parsed JSON of a step's property file. */
  propertyFile(stepName: string, fileName: string): Promise<unknown>;
}

type Key = string | number;

/** Keys of a path such as `a.b['c d'][0]`. @throws UnresolvedReference when it can't be read */
export function parsePath(path: string): Key[] {
  const keys: Key[] = [];
  const token = /\.?([A-Za-z_][\w-]*)|\['([^']*)'\]|\["([^"]*)"\]|\[(\d+)\]/y;
  const text = path.replace(/^\$\.?/, '');
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (!match) throw new UnresolvedReference(`'${path}' is not a path that can be read`);
    keys.push(match[4] === undefined ? (match[1] ?? match[2] ?? match[3] ?? '') : Number(match[4]));
  }
  return keys;
}

/** Lists of named structures can be indexed by name, as in `Outputs['train']`. */
const NAME_MEMBERS = ['OutputName', 'InputName', 'ChannelName'];

function member(value: unknown, key: Key): unknown {
  if (Array.isArray(value) && typeof key === 'string') {
    return value.find((item: Record<string, unknown>) => NAME_MEMBERS.some((name) => item[name] === key));
  }
  return typeof value === 'object' && value !== null ? (value as Record<Key, unknown>)[key] : undefined;
}

/** The value at a path. @throws UnresolvedReference when there is none */
export function valueAt(value: unknown, path: string, what: string): unknown {
  let current = value;
  for (const key of parsePath(path)) {
    current = member(current, key);
    if (current === undefined || current === null) throw new UnresolvedReference(`${what} has no value at '${path}'`);
  }
  return current;
}

export interface StepReference {
  readonly stepName: string;
  readonly path: string;
}

/** Splits `Steps.<name>.<path>`. */
export function parseStepReference(reference: string): StepReference | undefined {
  const match = /^Steps\.([A-Za-z0-9\-_]+)\.?(.*)$/.exec(reference);
  return match ? { stepName: match[1] ?? '', path: match[2] ?? '' } : undefined;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every {"Get": reference} inside a value. */
export function references(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(references);
  if (!isObject(value)) return [];
  if (typeof value['Get'] === 'string') return [value['Get']];
  return Object.values(value).flatMap(references);
}

function get(reference: string, scope: Scope): unknown {
  const step = parseStepReference(reference);
  if (step) return valueAt(scope.properties(step.stepName), step.path, `step '${step.stepName}'`);
  const [room, ...rest] = reference.split('.');
  const name = rest.join('.');
  const found =
    room === 'Parameters' ? scope.parameters.get(name) : room === 'Execution' ? scope.execution[name] : undefined;
  if (found === undefined) throw new UnresolvedReference(`'${reference}' refers to nothing`);
  return found;
}

async function jsonGet(call: Record<string, unknown>, scope: Scope): Promise<unknown> {
  const reference = (call['PropertyFile'] as { Get?: string } | undefined)?.Get ?? '';
  const step = parseStepReference(reference);
  const fileName = step?.path.replace(/^PropertyFiles\./, '') ?? '';
  if (!step || fileName === step.path)
    throw new UnresolvedReference(`Std:JsonGet needs a PropertyFile, not '${reference}'`);
  const content = await scope.propertyFile(step.stepName, fileName);
  return valueAt(content, String(call['Path']), `property file '${fileName}' of step '${step.stepName}'`);
}

/** A value with all references replaced. @throws UnresolvedReference */
export async function resolve(value: unknown, scope: Scope): Promise<unknown> {
  if (Array.isArray(value)) {
    const items: unknown[] = [];
    for (const item of value) items.push(await resolve(item, scope));
    return items;
  }
  if (!isObject(value)) return value;
  if (typeof value['Get'] === 'string') return get(value['Get'], scope);
  const join = value['Std:Join'] as { On?: string; Values?: unknown[] } | undefined;
  if (join) {
    const parts = (await resolve(join.Values ?? [], scope)) as unknown[];
    return parts.map(String).join(join.On ?? '');
  }
  if (isObject(value['Std:JsonGet'])) return jsonGet(value['Std:JsonGet'], scope);
  const resolved: Record<string, unknown> = {};
  for (const [name, item] of Object.entries(value)) resolved[name] = await resolve(item, scope);
  return resolved;
}
