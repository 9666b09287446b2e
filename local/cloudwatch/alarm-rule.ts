/** The rule grammar of composite alarms: ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA("c")), TRUE, FALSE. */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';

export type AlarmRule =
  | { readonly kind: 'state'; readonly state: 'ALARM' | 'OK' | 'INSUFFICIENT_DATA'; readonly alarm: string }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly operand: AlarmRule }
  | { readonly kind: 'and' | 'or'; readonly left: AlarmRule; readonly right: AlarmRule };

const TERM = /^(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"((?:[^"\\]|\\.)*)"|([^\s()"]+))\s*\)/;

function ruleError(rule: string, why: string): AwsError {
  return new AwsError('ValidationError', `AlarmRule '${rule}' is not valid: ${why}`);
}

/**
 * Parses an alarm rule; NOT binds tightest, then AND, then OR.
 * @throws AwsError ValidationError with the reason
 */
export function parseAlarmRule(rule: string): AlarmRule {
  let rest = rule.trimStart();
  const skip = (length: number): void => {
    rest = rest.slice(length).trimStart();
  };
  const word = (text: string): boolean => {
    if (!new RegExp(`^${text}\\b`).test(rest)) return false;
    skip(text.length);
    return true;
  };
  const symbol = (text: string): boolean => {
    if (!rest.startsWith(text)) return false;
    skip(text.length);
    return true;
  };
  const primary = (): AlarmRule => {
    if (word('NOT')) return { kind: 'not', operand: primary() };
    if (/^AT_LEAST\b/.test(rest)) throw new UnsupportedFeature('AT_LEAST in alarm rules');
    const term = TERM.exec(rest);
    if (term) {
      skip(term[0].length);
      const alarm = term[2]?.replace(/\\(.)/g, '$1') ?? term[3]!;
      return { kind: 'state', state: term[1] as 'ALARM' | 'OK' | 'INSUFFICIENT_DATA', alarm: alarmNameOf(alarm) };
    }
    if (word('TRUE')) return { kind: 'constant', value: true };
    if (word('FALSE')) return { kind: 'constant', value: false };
    if (symbol('(')) {
      const inner = either();
      if (!symbol(')')) throw ruleError(rule, "a ')' is missing");
      return inner;
    }
    throw ruleError(rule, rest === '' ? 'it ends too early' : `unexpected '${rest.slice(0, 20)}'`);
  };
  const both = (): AlarmRule => {
    let left = primary();
    while (word('AND')) left = { kind: 'and', left, right: primary() };
    return left;
  };
  const either = (): AlarmRule => {
    let left = both();
    while (word('OR')) left = { kind: 'or', left, right: both() };
    return left;
  };
  const parsed = either();
  if (rest !== '') throw ruleError(rule, `unexpected '${rest.slice(0, 20)}'`);
  return parsed;
}

/** The name in an alarm's ARN, or the name itself. */
export function alarmNameOf(nameOrArn: string): string {
  return /^arn:[^:]*:cloudwatch:[^:]*:[^:]*:alarm:(.+)$/.exec(nameOrArn)?.[1] ?? nameOrArn;
}

/** Names of all alarms that the rule watches, each once. */
export function alarmsOf(rule: AlarmRule): string[] {
  const collect = (part: AlarmRule): string[] => {
    switch (part.kind) {
      case 'state':
        return [part.alarm];
      case 'constant':
        return [];
      case 'not':
        return collect(part.operand);
      default:
        return [...collect(part.left), ...collect(part.right)];
    }
  };
  return [...new Set(collect(rule))];
}

/** Whether the rule holds. @param stateOf the state of an alarm by name; undefined when there is no such alarm */
export function ruleHolds(rule: AlarmRule, stateOf: (alarm: string) => string | undefined): boolean {
  switch (rule.kind) {
    case 'state':
      return stateOf(rule.alarm) === rule.state;
    case 'constant':
      return rule.value;
    case 'not':
      return !ruleHolds(rule.operand, stateOf);
    case 'and':
      return ruleHolds(rule.left, stateOf) && ruleHolds(rule.right, stateOf);
    case 'or':
      return ruleHolds(rule.left, stateOf) || ruleHolds(rule.right, stateOf);
  }
}
