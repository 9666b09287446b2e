/** Checks of the fields of one state: values, expressions, paths, Retry and Catch. */
import { UnsupportedFeature } from '../../kernel/errors.ts';
import { expressionText, syntaxError } from '../jsonata/expressions.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import { COMPARISONS } from '../jsonpath/choice-rules.ts';
import { parsePath } from '../jsonpath/paths.ts';
import { compileReference, templateProblems } from '../jsonpath/payload-template.ts';
import { parseResource } from '../tasks/resource.ts';
import type { StateType } from '../workflow.ts';
import { CATCH_FIELDS, CHOICE_FIELDS, type QueryLanguage, RETRY_FIELDS } from './fields.ts';
import type { Diagnostic } from './validator.ts';

export type Report = (message: string, location: string, code?: Diagnostic['code']) => void;

/** Fields that are never expressions. */
const PLAIN_FIELDS = new Set([
  'Type',
  'Comment',
  'QueryLanguage',
  'Next',
  'Default',
  'Resource',
  'Retry',
  'Branches',
  'ItemProcessor',
  'Iterator',
  'Label',
]);

export function checkState(
  state: JsonObject,
  type: StateType,
  language: QueryLanguage,
  location: string,
  express: boolean,
  report: Report,
): void {
  if (state['Credentials'] !== undefined) throw new UnsupportedFeature('Task Credentials (cross-account roles)');
  if (language === 'JSONata') checkExpressions(state, location, report);
  else checkPaths(state, type, location, report);
  if (type === 'Task') checkResource(state['Resource'], `${location}/Resource`, express, report);
  if (type === 'Task') checkTimeouts(state, location, report);
  if (type === 'Choice') checkChoices(state['Choices'], language, `${location}/Choices`, report);
  if (type === 'Wait') checkWait(state, location, report);
  checkRetry(state['Retry'], `${location}/Retry`, report);
  checkCatch(state['Catch'], language, `${location}/Catch`, report);
}

function checkExpressions(state: JsonObject, location: string, report: Report): void {
  for (const [field, value] of Object.entries(state)) {
    if (!PLAIN_FIELDS.has(field))
      walkStrings(value, `${location}/${field}`, (text, at) => checkExpression(text, at, report));
  }
}

function checkExpression(text: string, location: string, report: Report): void {
  const expression = expressionText(text);
  if (expression === undefined) {
    if (text.startsWith('{%')) report("A JSONata expression must end with '%}'", location);
    return;
  }
  const problem = syntaxError(expression);
  if (problem !== undefined) report(`The JSONata expression is not valid: ${problem}`, location);
}

function walkStrings(value: Json, location: string, visit: (text: string, location: string) => void): void {
  if (typeof value === 'string') visit(value, location);
  else if (Array.isArray(value)) value.forEach((item, i) => walkStrings(item, `${location}[${i}]`, visit));
  else if (isJsonObject(value)) {
    for (const [key, member] of Object.entries(value)) walkStrings(member, `${location}/${key}`, visit);
  }
}

function checkPaths(state: JsonObject, type: StateType, location: string, report: Report): void {
  for (const field of ['InputPath', 'OutputPath', 'ItemsPath', 'ResultPath']) {
    const value = state[field];
    if (value === undefined || (value === null && field !== 'ItemsPath')) continue;
    const path = typeof value === 'string' ? parsePath(value) : undefined;
    if (!path) report('Value is not a valid JSONPath', `${location}/${field}`);
    else if (field === 'ResultPath' && !path.definite) report('Value is not a Reference Path', `${location}/${field}`);
  }
  for (const field of Object.keys(state)) {
    if (
      !/^(Seconds|Timestamp|TimeoutSeconds|HeartbeatSeconds|MaxConcurrency|ToleratedFailure\w+|Error|Cause)Path$/.test(
        field,
      )
    ) {
      continue;
    }
    const value = state[field];
    if (typeof value !== 'string' || !compileReference(value, field)) {
      report('Value is not a valid JSONPath', `${location}/${field}`);
    }
    const literal = field.slice(0, -'Path'.length);
    if (state[literal] !== undefined) report(`A state can't have both '${literal}' and '${field}'`, location);
  }
  for (const field of ['Parameters', 'ResultSelector', 'ItemSelector', 'Assign']) {
    for (const place of templateProblems(state[field] ?? null, `${location}/${field}`)) {
      report('The value for the field must be a valid JSONPath or intrinsic function call', place);
    }
  }
  if (type === 'Pass' && state['Result'] !== undefined && state['Parameters'] !== undefined) {
    report("A Pass state can't have both 'Result' and 'Parameters'", location);
  }
}

function checkResource(value: Json | undefined, location: string, express: boolean, report: Report): void {
  if (value === undefined) return;
  const resource = typeof value === 'string' ? parseResource(value) : undefined;
  if (!resource) return report(`Value is not a valid resource ARN: ${JSON.stringify(value)}`, location);
  if (!express || resource.kind === 'function' || resource.pattern === 'response') return;
  const suffix = resource.pattern === 'token' ? '.waitForTaskToken' : '.sync';
  report(`Express state machine does not support '${suffix}' service integration `, location);
}

function checkTimeouts(state: JsonObject, location: string, report: Report): void {
  for (const field of ['TimeoutSeconds', 'HeartbeatSeconds']) {
    const value = state[field];
    if (value === undefined || (typeof value === 'string' && expressionText(value) !== undefined)) continue;
    if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 99_999_999) {
      report('Value must be an integer between 1 and 99999999', `${location}/${field}`);
    }
  }
  const timeout = state['TimeoutSeconds'];
  const heartbeat = state['HeartbeatSeconds'];
  if (typeof timeout === 'number' && typeof heartbeat === 'number' && heartbeat >= timeout) {
    report("'HeartbeatSeconds' must be smaller than 'TimeoutSeconds'", location);
  }
}

function checkWait(state: JsonObject, location: string, report: Report): void {
  const given = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'].filter((field) => state[field] !== undefined);
  if (given.length !== 1) report("A Wait state must have exactly one of 'Seconds' and 'Timestamp'", location);
}

function checkChoices(value: Json | undefined, language: QueryLanguage, location: string, report: Report): void {
  if (value === undefined) return;
  if (!Array.isArray(value) || value.length === 0) return report('Choices must be a non-empty array', location);
  value.forEach((rule, i) => {
    const at = `${location}[${i}]`;
    if (!isJsonObject(rule)) return report('A choice rule must be an object', at);
    if (language === 'JSONPath') return checkRule(rule, at, true, report);
    for (const field of Object.keys(rule)) {
      if (!CHOICE_FIELDS.has(field)) report(`Field '${field}' is not supported in a choice rule`, `${at}/${field}`);
    }
    const condition = rule['Condition'];
    const isExpression = typeof condition === 'string' && expressionText(condition) !== undefined;
    if (!isExpression && typeof condition !== 'boolean') {
      report('Condition must be a JSONata expression or a boolean', `${at}/Condition`);
    }
  });
}

function checkRule(rule: JsonObject, location: string, top: boolean, report: Report): void {
  const rest = Object.keys(rule).filter((field) => !['Next', 'Comment', 'Assign', 'Variable'].includes(field));
  const [operator] = rest;
  if (!top && rule['Next'] !== undefined) report("Only a top-level choice rule may have 'Next'", location);
  if (rest.length !== 1 || operator === undefined)
    return report('A choice rule must have exactly one operator', location);
  if (operator === 'And' || operator === 'Or') {
    const rules = rule[operator];
    if (!Array.isArray(rules) || rules.length === 0)
      return report('Must be a non-empty array', `${location}/${operator}`);
    rules.forEach((inner, i) => {
      if (isJsonObject(inner)) checkRule(inner, `${location}/${operator}[${i}]`, false, report);
    });
    return;
  }
  if (operator === 'Not') {
    const inner = rule['Not'];
    if (isJsonObject(inner)) checkRule(inner, `${location}/Not`, false, report);
    else report('Must be an object', `${location}/Not`);
    return;
  }
  const variable = rule['Variable'];
  if (typeof variable !== 'string' || !parsePath(variable))
    report('Value is not a valid JSONPath', `${location}/Variable`);
  const known = operator === 'IsPresent' || COMPARISONS.has(operator) || COMPARISONS.has(operator.replace(/Path$/, ''));
  if (!known) return report(`Field '${operator}' is not supported in a choice rule`, `${location}/${operator}`);
  const operand = rule[operator];
  if (operator.endsWith('Path') && (typeof operand !== 'string' || !parsePath(operand))) {
    report('Value is not a valid JSONPath', `${location}/${operator}`);
  }
}

function checkErrorEquals(list: readonly Json[], location: string, report: Report): void {
  list.forEach((item, i) => {
    const names = isJsonObject(item) ? item['ErrorEquals'] : undefined;
    const at = `${location}[${i}]/ErrorEquals`;
    if (!Array.isArray(names) || names.length === 0 || !names.every((name) => typeof name === 'string')) {
      return report('ErrorEquals must be a non-empty array of error names', at);
    }
    if (names.includes('States.ALL') && (names.length > 1 || i < list.length - 1)) {
      report('States.ALL must appear alone and in the last item', at);
    }
  });
}

function checkRetry(value: Json | undefined, location: string, report: Report): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) return report('Retry must be an array', location);
  checkErrorEquals(value, location, report);
  value.forEach((retrier, i) => {
    if (!isJsonObject(retrier)) return;
    const at = `${location}[${i}]`;
    for (const field of Object.keys(retrier)) {
      if (!RETRY_FIELDS.has(field)) report(`Field '${field}' is not supported in Retry`, `${at}/${field}`);
    }
    checkNumber(retrier, 'IntervalSeconds', 1, 99_999_999, true, at, report);
    checkNumber(retrier, 'MaxAttempts', 0, 99_999_999, true, at, report);
    checkNumber(retrier, 'BackoffRate', 1, Number.MAX_VALUE, false, at, report);
    checkNumber(retrier, 'MaxDelaySeconds', 1, 31_622_400, true, at, report);
    const jitter = retrier['JitterStrategy'];
    if (jitter !== undefined && jitter !== 'FULL' && jitter !== 'NONE') {
      report("JitterStrategy must be 'FULL' or 'NONE'", `${at}/JitterStrategy`);
    }
  });
}

function checkNumber(
  object: JsonObject,
  field: string,
  min: number,
  max: number,
  integer: boolean,
  location: string,
  report: Report,
): void {
  const value = object[field];
  if (value === undefined) return;
  const valid = typeof value === 'number' && value >= min && value <= max && (!integer || Number.isInteger(value));
  if (!valid)
    report(`${field} must be ${integer ? 'an integer' : 'a number'} of at least ${min}`, `${location}/${field}`);
}

function checkCatch(value: Json | undefined, language: QueryLanguage, location: string, report: Report): void {
  if (value === undefined) return;
  if (!Array.isArray(value)) return report('Catch must be an array', location);
  checkErrorEquals(value, location, report);
  value.forEach((catcher, i) => {
    if (!isJsonObject(catcher)) return;
    for (const field of Object.keys(catcher)) {
      if (!CATCH_FIELDS[language].has(field)) {
        report(`Field '${field}' is not supported in Catch`, `${location}[${i}]/${field}`);
      }
    }
    if (language === 'JSONPath') {
      checkPaths(
        { ResultPath: catcher['ResultPath'] ?? null, Assign: catcher['Assign'] ?? null },
        'Task',
        `${location}[${i}]`,
        report,
      );
    }
  });
}
