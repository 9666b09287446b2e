/** The state machines as they are written: definition, template resource, and the names that both share. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, parseDocument, type ScalarTag } from 'yaml';

const ROOT = path.resolve(import.meta.dirname, '../..');
const FOLDER = path.join(ROOT, 'state-machines');

export interface State {
  readonly Type: string;
  readonly [field: string]: unknown;
}

export interface Definition {
  readonly Comment?: string;
  readonly QueryLanguage?: string;
  readonly StartAt: string;
  readonly TimeoutSeconds?: unknown;
  readonly States: Readonly<Record<string, State>>;
}

/** `canary-blue-green`, ...: every machine of the product. */
export const MACHINES: readonly string[] = readdirSync(FOLDER)
  .filter((file) => file.endsWith('.asl.yaml'))
  .map((file) => file.slice(0, -'.asl.yaml'.length))
  .sort();

export function definitionText(machine: string): string {
  return readFileSync(path.join(FOLDER, `${machine}.asl.yaml`), 'utf8');
}

/** A fresh copy each time; YAML refuses a state name that is there twice. */
export function definitionOf(machine: string): Definition {
  return parse(definitionText(machine), { uniqueKeys: true }) as Definition;
}

/** CloudFormation's short forms, as text: what they refer to is not asked here. */
const INTRINSICS: ScalarTag[] = ['!GetAtt', '!Ref', '!Sub'].map((tag) => ({ tag, resolve: (text: string) => text }));

interface MachineResource {
  readonly Type: string;
  readonly Properties: { readonly DefinitionSubstitutions: Readonly<Record<string, string>> };
}

/** Token -> what the template puts there, e.g. `OpenRolloutArn` -> `OpenRolloutLambdaFunction.Arn`. */
export function substitutionsOf(machine: string): Readonly<Record<string, string>> {
  const document = parseDocument(readFileSync(path.join(FOLDER, `${machine}.yml`), 'utf8'), { customTags: INTRINSICS });
  if (document.errors.length > 0) throw document.errors[0]!;
  const { Resources } = document.toJS() as { Resources: Record<string, MachineResource> };
  const resource = Object.values(Resources).find(({ Type }) => Type === 'AWS::StepFunctions::StateMachine');
  return resource!.Properties.DefinitionSubstitutions;
}

/** The text with every token replaced, as CloudFormation does it. */
export function substituted(definition: Definition, valueOf: (token: string) => string): Definition {
  const text = JSON.stringify(definition).replace(/\$\{([A-Za-z0-9]+)\}/g, (_all, token: string) => valueOf(token));
  return JSON.parse(text) as Definition;
}

/** Literal names of the error classes of the domain: what functions throw, and machines may catch. */
export function domainErrorNames(): ReadonlySet<string> {
  const folder = path.join(ROOT, 'shared/domain');
  const names = new Set<string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(path.join(folder, file), 'utf8');
    for (const [, name] of text.matchAll(/override readonly name = '([A-Za-z]+)'/g)) names.add(name!);
  }
  return names;
}
