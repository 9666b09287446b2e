/** Turns a validated definition into a workflow that the interpreter runs. */
import { distributedMapRun } from './distributed/distributed-map.ts';
import { type Expressions } from './jsonata/expressions.ts';
import { jsonataChoice } from './jsonata/choice-rules.ts';
import { jsonataCatcher, jsonataField, jsonataIo } from './jsonata/state-io.ts';
import { compileTemplate, evaluateTemplate } from './jsonata/templates.ts';
import { type JsonObject, isJsonObject } from './json.ts';
import { jsonPathChoice } from './jsonpath/choice-rules.ts';
import { compilePayloadTemplate } from './jsonpath/payload-template.ts';
import { itemsPath, jsonPathCatcher, jsonPathField, jsonPathIo, pathScope } from './jsonpath/state-io.ts';
import { compileRetrier } from './retry.ts';
import type { Field, StateIo } from './state-io.ts';
import { choiceRun } from './states/choice.ts';
import { failRun } from './states/fail.ts';
import { type MapDefinition, inlineMapRun } from './states/map.ts';
import { parallelRun } from './states/parallel.ts';
import { passRun } from './states/pass.ts';
import { succeedRun } from './states/succeed.ts';
import { taskRun } from './states/task.ts';
import { waitRun } from './states/wait.ts';
import { parseResource } from './tasks/resource.ts';
import type { QueryLanguage } from './validator/fields.ts';
import { isDistributed } from './validator/map-fields.ts';
import type { State, StateType, Workflow } from './workflow.ts';

export interface CompiledMachine {
  readonly workflow: Workflow;
  readonly timeoutSeconds: number | undefined;
}

export function compileMachine(definition: JsonObject, expressions: Expressions): CompiledMachine {
  const language = (definition['QueryLanguage'] as QueryLanguage | undefined) ?? 'JSONPath';
  return {
    workflow: new Compiler(expressions).workflow(definition, language),
    timeoutSeconds: definition['TimeoutSeconds'] as number | undefined,
  };
}

const RESULT_TYPES: ReadonlySet<StateType> = new Set(['Task', 'Parallel', 'Map']);

class Compiler {
  readonly #expressions: Expressions;

  constructor(expressions: Expressions) {
    this.#expressions = expressions;
  }

  workflow(definition: JsonObject, inherited: QueryLanguage): Workflow {
    const states = new Map<string, State>();
    for (const [name, state] of Object.entries(definition['States'] as JsonObject)) {
      states.set(name, this.state(name, state as JsonObject, inherited));
    }
    return { startAt: definition['StartAt'] as string, states };
  }

  state(name: string, definition: JsonObject, inherited: QueryLanguage): State {
    const type = definition['Type'] as StateType;
    const language = (definition['QueryLanguage'] as QueryLanguage | undefined) ?? inherited;
    const catchers = (definition['Catch'] ?? []) as JsonObject[];
    return {
      name,
      type,
      enteredEvent: `${type}StateEntered`,
      exitedEvent: `${type}StateExited`,
      retriers: ((definition['Retry'] ?? []) as JsonObject[]).map(compileRetrier),
      catchers: catchers.map((catcher, i) =>
        language === 'JSONata' ? jsonataCatcher(catcher, i, this.#expressions) : jsonPathCatcher(catcher),
      ),
      run: this.#run(definition, type, language),
    };
  }

  #run(definition: JsonObject, type: StateType, language: QueryLanguage): State['run'] {
    const next = definition['Next'] as string | undefined;
    const field = (name: string): Field => this.#field(definition, name, language);
    const io = this.#io(definition, type, language);
    switch (type) {
      case 'Pass':
        return passRun(io, next, definition['Result']);
      case 'Succeed':
        return succeedRun(io);
      case 'Fail':
        return failRun(field('Error'), field('Cause'));
      case 'Wait':
        return waitRun(io, next, field('Seconds'), field('Timestamp'));
      case 'Choice':
        return choiceRun(
          language === 'JSONata' ? jsonataChoice(definition, this.#expressions) : jsonPathChoice(definition),
        );
      case 'Task':
        return taskRun({
          io,
          next,
          resource: parseResource(definition['Resource'] as string)!,
          timeoutSeconds: field('TimeoutSeconds'),
          heartbeatSeconds: field('HeartbeatSeconds'),
        });
      case 'Parallel':
        return parallelRun(
          io,
          next,
          (definition['Branches'] as JsonObject[]).map((branch) => this.workflow(branch, language)),
        );
      case 'Map':
        return this.#map(definition, io, next, language);
    }
  }

  #io(definition: JsonObject, type: StateType, language: QueryLanguage): StateIo {
    if (language === 'JSONata') return jsonataIo(definition, this.#expressions, RESULT_TYPES.has(type));
    // A Map's Parameters are the old name of ItemSelector.
    const { Parameters: _, ...withoutParameters } = definition;
    return jsonPathIo(type === 'Map' ? withoutParameters : definition, RESULT_TYPES.has(type) || type === 'Pass');
  }

  #field(definition: JsonObject, name: string, language: QueryLanguage): Field {
    return language === 'JSONata' ? jsonataField(definition, name, this.#expressions) : jsonPathField(definition, name);
  }

  #map(definition: JsonObject, io: StateIo, next: string | undefined, language: QueryLanguage): State['run'] {
    const processor = (definition['ItemProcessor'] ?? definition['Iterator']) as JsonObject;
    const map: MapDefinition = {
      io,
      next,
      processor: this.workflow(processor, language),
      ...this.#items(definition, language),
      maxConcurrency: this.#field(definition, 'MaxConcurrency', language),
    };
    if (!isDistributed(processor)) return inlineMapRun(map);
    const section = (name: string): JsonObject | undefined => {
      const value = definition[name];
      return isJsonObject(value) ? value : undefined;
    };
    const config = processor['ProcessorConfig'] as JsonObject;
    return distributedMapRun({
      ...map,
      childType: config['ExecutionType'] as 'STANDARD' | 'EXPRESS',
      label: definition['Label'] as string | undefined,
      reader: section('ItemReader'),
      batcher: section('ItemBatcher'),
      writer: section('ResultWriter'),
      toleratedFailureCount: this.#field(definition, 'ToleratedFailureCount', language),
      toleratedFailurePercentage: this.#field(definition, 'ToleratedFailurePercentage', language),
      field: (part, name) => this.#field(part, name, language),
      template: (part, name) => this.#template(part, name, language),
      argumentsOf: (part) => this.#template(part, language === 'JSONata' ? 'Arguments' : 'Parameters', language),
    });
  }

  #items(definition: JsonObject, language: QueryLanguage): Pick<MapDefinition, 'items' | 'select'> {
    if (language === 'JSONata') {
      const { Items: items, ItemSelector: selector } = definition;
      const itemsTemplate = items === undefined ? undefined : compileTemplate(items, 'Items', this.#expressions);
      const select = selector === undefined ? undefined : compileTemplate(selector, 'ItemSelector', this.#expressions);
      return {
        items: (frame) => (itemsTemplate ? evaluateTemplate(itemsTemplate, frame) : frame.input),
        select: select && ((frame) => evaluateTemplate(select, frame)),
      };
    }
    const selector = definition['ItemSelector'] ?? definition['Parameters'];
    const select = selector === undefined ? undefined : compilePayloadTemplate(selector);
    return {
      items: itemsPath(definition),
      select: select && ((frame, effective) => select(pathScope(frame, effective), frame.engine.ids)),
    };
  }

  /** A template of a part of a state: Arguments of an ItemReader, BatchInput of an ItemBatcher. */
  #template(part: JsonObject, name: string, language: QueryLanguage): Field {
    if (language === 'JSONata') return jsonataField(part, name, this.#expressions);
    const template = part[name];
    if (template === undefined) return () => undefined;
    const compute = compilePayloadTemplate(template);
    return (frame) => compute(pathScope(frame, frame.input), frame.engine.ids);
  }
}

/** Compiles one state on its own, for TestState. */
export function compileState(
  name: string,
  definition: JsonObject,
  language: QueryLanguage,
  expressions: Expressions,
): State {
  return new Compiler(expressions).state(name, definition, language);
}
