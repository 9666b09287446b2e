/** What a rule's target receives: the event, a constant, a part of the event, or a template filled from it. */
import { AwsError } from '../kernel/errors.ts';
import { isJsonPath, readJsonPath } from './json-path.ts';

export interface InputTransformer {
  readonly InputPathsMap?: Readonly<Record<string, string>>;
  readonly InputTemplate: string;
}

export interface TargetInput {
  readonly Input?: string;
  readonly InputPath?: string;
  readonly InputTransformer?: InputTransformer;
}

export interface RuleIdentity {
  readonly arn: string;
  readonly name: string;
  /** ISO 8601 time at which the bus received the event. */
  readonly ingestionTime: string;
}

const PLACEHOLDER = /<([^<>\s]+)>/g;
const PREDEFINED = new Set([
  'aws.events.rule-arn',
  'aws.events.rule-name',
  'aws.events.event.ingestion-time',
  'aws.events.event',
  'aws.events.event.json',
]);

/** Raised when a target's input can't be made from this event; the delivery fails with INVALID_JSON. */
export class InvalidTargetInput extends Error {
  override readonly name = 'InvalidTargetInput';
}

function invalid(targetId: string, reason: string): AwsError {
  return new AwsError('ValidationException', `Invalid input of target ${targetId}: ${reason}`);
}

/** Checks what PutTargets would refuse. @throws AwsError ValidationException */
export function checkTargetInput(target: TargetInput, targetId: string): void {
  const given = [target.Input, target.InputPath, target.InputTransformer].filter((part) => part !== undefined);
  if (given.length > 1) throw invalid(targetId, 'only one of Input, InputPath, or InputTransformer must be provided.');
  if (target.Input !== undefined) checkJson(target.Input, targetId);
  if (target.InputPath !== undefined && !isJsonPath(target.InputPath)) {
    throw invalid(targetId, `InputPath '${target.InputPath}' is not a path such as $.detail.name`);
  }
  if (target.InputTransformer !== undefined) checkTransformer(target.InputTransformer, targetId);
}

function checkJson(text: string, targetId: string): void {
  if (text.length > 8192) throw invalid(targetId, `Input has ${text.length} characters, at most 8192 are allowed`);
  try {
    JSON.parse(text);
  } catch (error) {
    throw invalid(targetId, `JSON syntax error in input: ${(error as Error).message}`);
  }
}

function checkTransformer(transformer: InputTransformer, targetId: string): void {
  const paths = transformer.InputPathsMap ?? {};
  for (const [name, path] of Object.entries(paths)) {
    if (!isJsonPath(path))
      throw invalid(targetId, `InputPathsMap.${name} '${path}' is not a path such as $.detail.name`);
  }
  if (typeof transformer.InputTemplate !== 'string' || transformer.InputTemplate === '') {
    throw invalid(targetId, 'InputTransformer needs an InputTemplate');
  }
  for (const [, name] of transformer.InputTemplate.matchAll(PLACEHOLDER)) {
    if (!Object.hasOwn(paths, name!) && !PREDEFINED.has(name!)) {
      throw invalid(targetId, `InputTemplate contains placeholder <${name}>, which InputPathsMap does not define`);
    }
  }
}

function placeholderValue(name: string, transformer: InputTransformer, event: object, rule: RuleIdentity): unknown {
  const path = transformer.InputPathsMap?.[name];
  if (path !== undefined) return readJsonPath(event, path);
  switch (name) {
    case 'aws.events.rule-arn':
      return rule.arn;
    case 'aws.events.rule-name':
      return rule.name;
    case 'aws.events.event.ingestion-time':
      return rule.ingestionTime;
    case 'aws.events.event.json':
      return event;
    default: {
      // AWS leaves the detail out of <aws.events.event>.
      const { detail: _detail, ...envelope } = event as { detail?: unknown };
      return envelope;
    }
  }
}

/** Inside a JSON string a value loses its quotes (AWS's rule for objects, too); elsewhere it is written as JSON. */
function rendered(value: unknown, insideString: boolean): string {
  if (value === undefined) return '';
  if (!insideString) return JSON.stringify(value);
  if (typeof value === 'string') return JSON.stringify(value).slice(1, -1);
  return JSON.stringify(value).replaceAll('"', '');
}

function fillTemplate(transformer: InputTransformer, event: object, rule: RuleIdentity): string {
  const template = transformer.InputTemplate;
  let output = '';
  let insideString = false;
  for (let i = 0; i < template.length; i++) {
    const character = template[i]!;
    const placeholder = character === '<' ? /^<([^<>\s]+)>/.exec(template.slice(i)) : null;
    if (placeholder) {
      output += rendered(placeholderValue(placeholder[1]!, transformer, event, rule), insideString);
      i += placeholder[0].length - 1;
      continue;
    }
    output += character;
    if (character === '\\' && insideString) output += template[++i] ?? '';
    else if (character === '"') insideString = !insideString;
  }
  return output;
}

/**
 * The JSON text that a target receives for an event.
 * @throws InvalidTargetInput when a filled template is no JSON (a missing value outside of quotes, say)
 */
export function targetPayload(target: TargetInput, event: object, rule: RuleIdentity): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(readJsonPath(event, target.InputPath) ?? {});
  if (target.InputTransformer === undefined) return JSON.stringify(event);
  const filled = fillTemplate(target.InputTransformer, event, rule);
  try {
    JSON.parse(filled);
  } catch (error) {
    throw new InvalidTargetInput(`${(error as Error).message} in the filled template '${filled.slice(0, 300)}'`);
  }
  return filled;
}
