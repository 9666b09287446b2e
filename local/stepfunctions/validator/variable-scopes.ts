/** Names of variables: a branch or an iteration must not set a variable of the workflow around it. */
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import type { QueryLanguage } from './fields.ts';
import type { Report } from './state-fields.ts';

const NAME = /^[\p{L}_][\p{L}\p{N}_]{0,79}$/u;

export function checkVariables(definition: JsonObject, language: QueryLanguage, report: Report): void {
  checkScope(definition, '', new Map(), language, report);
}

function checkScope(
  workflow: JsonObject,
  location: string,
  outer: ReadonlyMap<string, string>,
  language: QueryLanguage,
  report: Report,
): void {
  const states = Object.entries(workflow['States'] as JsonObject) as [string, JsonObject][];
  const visible = new Map(outer);
  for (const [name, state] of states) {
    const at = `${location}/States/${name}`;
    for (const { assign, place } of assigns(state)) checkAssign(assign, at + place, outer, visible, report);
  }
  for (const [name, state] of states) {
    const at = `${location}/States/${name}`;
    const branches = Array.isArray(state['Branches']) ? state['Branches'] : [];
    branches.forEach((branch, i) => {
      if (isJsonObject(branch)) checkScope(branch, `${at}/Branches[${i}]`, visible, language, report);
    });
    const processor = state['ItemProcessor'] ?? state['Iterator'];
    if (!isJsonObject(processor)) continue;
    const config = processor['ProcessorConfig'];
    // Child executions of a distributed Map have no variables but their own.
    const distributed = isJsonObject(config) && config['Mode'] === 'DISTRIBUTED';
    checkScope(processor, `${at}/ItemProcessor`, distributed ? new Map() : visible, language, report);
  }
}

function checkAssign(
  assign: JsonObject,
  location: string,
  outer: ReadonlyMap<string, string>,
  visible: Map<string, string>,
  report: Report,
): void {
  for (const key of Object.keys(assign)) {
    const name = key.endsWith('.$') ? key.slice(0, -2) : key;
    if (name === 'states' || !NAME.test(name)) report(`'${name}' is not a valid variable name`, `${location}/${key}`);
    const other = outer.get(name);
    if (other !== undefined) {
      report(`The variable '${name}' is set in an outer scope already, at ${other}`, `${location}/${key}`);
    }
    visible.set(name, location);
  }
}

function assigns(state: JsonObject): { assign: JsonObject; place: string }[] {
  const found: { assign: JsonObject; place: string }[] = [];
  const add = (value: Json | undefined, place: string): void => {
    if (isJsonObject(value)) found.push({ assign: value, place });
  };
  add(state['Assign'], '/Assign');
  for (const field of ['Catch', 'Choices']) {
    const list = state[field];
    if (!Array.isArray(list)) continue;
    list.forEach((item, i) => {
      if (isJsonObject(item)) add(item['Assign'], `/${field}[${i}]/Assign`);
    });
  }
  return found;
}
