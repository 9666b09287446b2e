/** The sections of a template, and the parameters' values. */
import { UnsupportedFeature } from '../kernel/errors.ts';
import { templateError } from './errors.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface TemplateResource {
  readonly logicalId: string;
  readonly type: string;
  readonly properties: JsonObject;
  readonly dependsOn: readonly string[];
  /** Name of the condition without which the resource is not made. */
  readonly condition: string | undefined;
}

export interface Template {
  readonly description: string | undefined;
  readonly parameters: JsonObject;
  readonly mappings: JsonObject;
  readonly conditions: JsonObject;
  readonly resources: ReadonlyMap<string, TemplateResource>;
  readonly outputs: JsonObject;
}

const SECTIONS = [
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Mappings',
  'Conditions',
  'Resources',
  'Outputs',
];

/** DeletionPolicy and UpdateReplacePolicy only matter when a stack changes; the laptop cloud creates each stack once. */
const RESOURCE_ATTRIBUTES = [
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
];

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads the JSON form of a template. @throws AwsError ValidationError; UnsupportedFeature for other sections and attributes */
export function parseTemplate(template: unknown): Template {
  if (!isObject(template)) throw templateError('Template format error: unsupported structure.');
  const section = Object.keys(template).find((name) => !SECTIONS.includes(name));
  if (section !== undefined) throw new UnsupportedFeature(`template section '${section}'`);
  const read = (name: string): JsonObject => {
    const value = template[name] ?? {};
    if (!isObject(value)) throw templateError(`Template format error: ${name} must be an object.`);
    return value;
  };
  const resources = Object.entries(read('Resources')).map(([id, raw]) => parseResource(id, raw));
  if (resources.length === 0)
    throw templateError('Template format error: At least one Resources member must be defined.');
  return {
    description: typeof template.Description === 'string' ? template.Description : undefined,
    parameters: read('Parameters'),
    mappings: read('Mappings'),
    conditions: read('Conditions'),
    resources: new Map(resources.map((resource) => [resource.logicalId, resource])),
    outputs: read('Outputs'),
  };
}

function parseResource(logicalId: string, raw: unknown): TemplateResource {
  if (!/^[A-Za-z0-9]+$/.test(logicalId)) {
    throw templateError(`Template format error: Resource name ${logicalId} is non alphanumeric.`);
  }
  if (!isObject(raw) || typeof raw.Type !== 'string') {
    throw templateError(
      `Template format error: [/Resources/${logicalId}] Every Resources object must contain a Type member.`,
    );
  }
  const stranger = Object.keys(raw).find((name) => !RESOURCE_ATTRIBUTES.includes(name));
  if (stranger !== undefined)
    throw new UnsupportedFeature(`${logicalId} (${raw.Type}): resource attribute '${stranger}'`);
  const { Properties = {}, DependsOn = [], Condition } = raw;
  if (!isObject(Properties)) {
    throw templateError(`Template format error: [/Resources/${logicalId}/Properties] must be an object.`);
  }
  const dependsOn: readonly unknown[] = Array.isArray(DependsOn) ? DependsOn : [DependsOn];
  if (!dependsOn.every((id) => typeof id === 'string')) {
    throw templateError(
      `Template format error: [/Resources/${logicalId}/DependsOn] must be a name or a list of names.`,
    );
  }
  if (Condition !== undefined && typeof Condition !== 'string') {
    throw templateError(`Template format error: [/Resources/${logicalId}/Condition] must be the name of a condition.`);
  }
  return { logicalId, type: raw.Type, properties: Properties, dependsOn, condition: Condition };
}

export type ParameterValue = string | readonly string[];

const CONSTRAINTS = [
  'Type',
  'Default',
  'Description',
  'NoEcho',
  'ConstraintDescription',
  'AllowedValues',
  'AllowedPattern',
  'MinLength',
  'MaxLength',
  'MinValue',
  'MaxValue',
];

/** The value of each parameter: as given, else its default, held against its constraints. @throws AwsError ValidationError */
export function parameterValues(
  template: Template,
  given: Readonly<Record<string, string>>,
): Map<string, ParameterValue> {
  const unknown = Object.keys(given).filter((name) => !(name in template.parameters));
  if (unknown.length > 0) throw templateError(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const missing: string[] = [];
  const values = new Map<string, ParameterValue>();
  for (const [name, declaration] of Object.entries(template.parameters)) {
    if (!isObject(declaration)) throw templateError(`Template format error: Parameter ${name} must be an object.`);
    const stranger = Object.keys(declaration).find((member) => !CONSTRAINTS.includes(member));
    if (stranger !== undefined) throw templateError(`Invalid template parameter property '${stranger}'`);
    const text = given[name] ?? (declaration.Default as string | number | undefined);
    if (text === undefined) missing.push(name);
    else values.set(name, readParameter(name, declaration, String(text)));
  }
  if (missing.length > 0) throw templateError(`Parameters: [${missing.join(', ')}] must have values`);
  return values;
}

function readParameter(name: string, declaration: JsonObject, text: string): ParameterValue {
  const type = declaration.Type;
  if (type === 'CommaDelimitedList' || type === 'List<Number>') {
    const items = text === '' ? [] : text.split(',').map((item) => item.trim());
    for (const item of items) check(name, declaration, item, type === 'List<Number>');
    return items;
  }
  if (type !== 'String' && type !== 'Number') {
    throw new UnsupportedFeature(
      `parameter ${name} of type '${String(type)}'`,
      'use String, Number or CommaDelimitedList',
    );
  }
  check(name, declaration, text, type === 'Number');
  return text;
}

function check(name: string, declaration: JsonObject, text: string, isNumber: boolean): void {
  const fail = (what: string): never => {
    const said = declaration.ConstraintDescription;
    throw templateError(
      `Parameter '${name}' ${typeof said === 'string' ? `failed to satisfy constraint: ${said}` : what}`,
    );
  };
  const limit = (member: string): number | undefined =>
    declaration[member] === undefined ? undefined : Number(declaration[member]);
  const allowed = declaration.AllowedValues;
  if (Array.isArray(allowed) && !allowed.map(String).includes(text)) {
    fail(`must be one of AllowedValues (it is '${text}')`);
  }
  if (isNumber) {
    const value = Number(text);
    if (text.trim() === '' || !Number.isFinite(value)) fail(`must be a number (it is '${text}')`);
    if (value < (limit('MinValue') ?? -Infinity)) fail(`must be a number not less than ${limit('MinValue')}`);
    if (value > (limit('MaxValue') ?? Infinity)) fail(`must be a number not greater than ${limit('MaxValue')}`);
    return;
  }
  const pattern = declaration.AllowedPattern;
  if (typeof pattern === 'string' && !new RegExp(`^(?:${pattern})$`).test(text)) fail(`must match pattern ${pattern}`);
  if (text.length < (limit('MinLength') ?? 0)) fail(`must contain at least ${limit('MinLength')} characters`);
  if (text.length > (limit('MaxLength') ?? Infinity)) fail(`must contain at most ${limit('MaxLength')} characters`);
}
