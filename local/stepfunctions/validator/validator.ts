/** Validation of a definition when a state machine is made, as strict as AWS and stricter where AWS only warns at run time. */
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import type { StateType } from '../workflow.ts';
import {
  BRANCH_FIELDS,
  MACHINE_FIELDS,
  PROCESSOR_CONFIG_FIELDS,
  PROCESSOR_FIELDS,
  type QueryLanguage,
  STATE_TYPES,
  hasTransition,
  requiredFields,
  stateFields,
} from './fields.ts';
import { checkMap } from './map-fields.ts';
import { type Report, checkState } from './state-fields.ts';
import { checkVariables } from './variable-scopes.ts';

export interface Diagnostic {
  readonly severity: 'ERROR';
  readonly code: 'SCHEMA_VALIDATION_FAILED' | 'MISSING_TRANSITION_TARGET' | 'INVALID_JSON_DESCRIPTION';
  readonly message: string;
  readonly location?: string;
}

/** A definition and what is wrong with it; `definition` is there whenever the text is a JSON object. */
export interface Validation {
  readonly definition: JsonObject | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const MAX_DIAGNOSTICS = 100;

/** @throws UnsupportedFeature for what AWS would accept and the laptop cloud does not have */
export function validateDefinition(text: string): Validation {
  let definition: Json;
  try {
    definition = JSON.parse(text) as Json;
  } catch (error) {
    const message = (error as Error).message;
    return { definition: undefined, diagnostics: [{ severity: 'ERROR', code: 'INVALID_JSON_DESCRIPTION', message }] };
  }
  if (!isJsonObject(definition)) {
    const message = 'Definition must be a valid JSON object';
    return { definition: undefined, diagnostics: [{ severity: 'ERROR', code: 'SCHEMA_VALIDATION_FAILED', message }] };
  }
  const validator = new Validator();
  validator.machine(definition);
  return { definition, diagnostics: validator.diagnostics.slice(0, MAX_DIAGNOSTICS) };
}

/** The message of InvalidDefinition. */
export function describeDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const texts = diagnostics.map(
    ({ code, message, location }) => `'${code}: ${message}${location === undefined ? '' : ` at ${location}`}'`,
  );
  return `Invalid State Machine Definition: ${texts.join(', ')}`;
}

class Validator {
  readonly diagnostics: Diagnostic[] = [];
  readonly #names = new Set<string>();
  readonly #report: Report = (message, location, code = 'SCHEMA_VALIDATION_FAILED') => {
    this.diagnostics.push({ severity: 'ERROR', code, message, location });
  };

  machine(definition: JsonObject): void {
    const language = this.#language(definition['QueryLanguage'], 'JSONPath', '/QueryLanguage');
    const timeout = definition['TimeoutSeconds'];
    if (timeout !== undefined && (typeof timeout !== 'number' || !Number.isInteger(timeout) || timeout < 1)) {
      this.#report('TimeoutSeconds must be a positive integer', '/TimeoutSeconds');
    }
    this.#workflow(definition, '', MACHINE_FIELDS, language, false);
    if (this.diagnostics.length === 0) checkVariables(definition, language, this.#report);
  }

  #language(value: Json | undefined, inherited: QueryLanguage, location: string): QueryLanguage {
    if (value === undefined) return inherited;
    if (value === 'JSONata' || value === 'JSONPath') return value;
    this.#report("QueryLanguage must be 'JSONata' or 'JSONPath'", location);
    return inherited;
  }

  #workflow(
    definition: JsonObject,
    location: string,
    fields: ReadonlySet<string>,
    language: QueryLanguage,
    express: boolean,
  ): void {
    this.#known(definition, fields, location);
    const missing = ['States', 'StartAt'].filter((field) => definition[field] === undefined);
    if (missing.length > 0) return this.#report(`These fields are required: [${missing.join(', ')}]`, location || '/');
    const states = definition['States'];
    if (!isJsonObject(states) || Object.keys(states).length === 0) {
      return this.#report('States must be an object with at least one state', `${location}/States`);
    }
    const start = definition['StartAt'];
    if (typeof start !== 'string' || !isJsonObject(states[start])) {
      this.#report(`Missing 'Next' target: ${asLabel(start)}`, `${location}/StartAt`, 'MISSING_TRANSITION_TARGET');
    }
    for (const [name, state] of Object.entries(states)) {
      this.#state(name, state, `${location}/States/${name}`, language, express, states);
    }
    if (typeof start === 'string') this.#reachable(states, start, location);
  }

  #state(
    name: string,
    state: Json,
    location: string,
    inherited: QueryLanguage,
    express: boolean,
    siblings: JsonObject,
  ): void {
    if (name.length > 80) this.#report('A state name must not be longer than 80 characters', location);
    if (this.#names.has(name)) this.#report(`The state name '${name}' is used more than once`, location);
    this.#names.add(name);
    if (!isJsonObject(state)) return this.#report('A state must be an object', location);
    const type = state['Type'] as StateType;
    if (!STATE_TYPES.includes(type)) {
      return this.#report(`Value is not one of [${STATE_TYPES.join(', ')}]`, `${location}/Type`);
    }
    const language = this.#language(state['QueryLanguage'], inherited, `${location}/QueryLanguage`);
    if (inherited === 'JSONata' && language === 'JSONPath') {
      this.#report("'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine", location);
    }
    this.#known(state, stateFields(type, language), location, ` in a ${type} state of query language ${language}`);
    for (const field of requiredFields(type)) {
      if (state[field] === undefined) this.#report(`These fields are required: [${field}]`, location);
    }
    if (hasTransition(type)) this.#transition(state, location);
    for (const { target, at } of targets(state)) {
      if (typeof target !== 'string' || !isJsonObject(siblings[target])) {
        this.#report(`Missing 'Next' target: ${asLabel(target)}`, location + at, 'MISSING_TRANSITION_TARGET');
      }
    }
    checkState(state, type, language, location, express, this.#report);
    this.#inner(state, type, location, language, express);
  }

  #transition(state: JsonObject, location: string): void {
    if (state['Next'] === undefined && state['End'] !== true) {
      this.#report("A state must have either 'Next' or 'End': true", location, 'MISSING_TRANSITION_TARGET');
    }
    if (state['Next'] !== undefined && state['End'] === true) {
      this.#report("A state can't have both 'Next' and 'End': true", location);
    }
  }

  #inner(state: JsonObject, type: StateType, location: string, language: QueryLanguage, express: boolean): void {
    if (type === 'Parallel') {
      const branches = state['Branches'];
      if (!Array.isArray(branches) || branches.length === 0) {
        return this.#report('Branches must be a non-empty array', `${location}/Branches`);
      }
      branches.forEach((branch, i) => {
        const at = `${location}/Branches[${i}]`;
        if (isJsonObject(branch)) this.#workflow(branch, at, BRANCH_FIELDS, language, express);
        else this.#report('A branch must be an object', at);
      });
    }
    if (type === 'Map') {
      const field = state['Iterator'] === undefined ? 'ItemProcessor' : 'Iterator';
      const processor = state[field];
      if (!isJsonObject(processor)) return this.#report('These fields are required: [ItemProcessor]', location);
      const config = processor['ProcessorConfig'];
      if (isJsonObject(config)) this.#known(config, PROCESSOR_CONFIG_FIELDS, `${location}/${field}/ProcessorConfig`);
      checkMap(state, processor, language, location, this.#report);
      const expressChild = isJsonObject(config) && config['ExecutionType'] === 'EXPRESS';
      this.#workflow(processor, `${location}/${field}`, PROCESSOR_FIELDS, language, express || expressChild);
    }
  }

  #known(object: JsonObject, fields: ReadonlySet<string>, location: string, where = ''): void {
    for (const field of Object.keys(object)) {
      if (!fields.has(field)) this.#report(`Field '${field}' is not supported${where}`, `${location}/${field}`);
    }
  }

  #reachable(states: JsonObject, start: string, location: string): void {
    const seen = new Set<string>();
    const pending = [start];
    for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
      const state = states[name];
      if (seen.has(name) || !isJsonObject(state)) continue;
      seen.add(name);
      for (const { target } of targets(state)) if (typeof target === 'string') pending.push(target);
    }
    for (const name of Object.keys(states)) {
      if (!seen.has(name)) {
        this.#report(`State '${name}' is not reachable`, `${location}/States/${name}`, 'MISSING_TRANSITION_TARGET');
      }
    }
  }
}

const asLabel = (value: Json | undefined): string =>
  typeof value === 'string' ? value : JSON.stringify(value ?? null);

/** Where a state may go on, and which field says so. */
function targets(state: JsonObject): { target: Json | undefined; at: string }[] {
  const found: { target: Json | undefined; at: string }[] = [];
  for (const field of ['Next', 'Default']) {
    if (state[field] !== undefined) found.push({ target: state[field], at: `/${field}` });
  }
  for (const field of ['Choices', 'Catch']) {
    const list = state[field];
    if (!Array.isArray(list)) continue;
    list.forEach((item, i) => {
      if (isJsonObject(item)) found.push({ target: item['Next'], at: `/${field}[${i}]/Next` });
    });
  }
  return found;
}
