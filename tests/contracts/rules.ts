/** The rules of events/rules/ as they are written: pattern and target. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument, type ScalarTag } from 'yaml';
import { compilePattern } from '../../local/eventbridge/pattern.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../events/rules');
const INTRINSICS: ScalarTag[] = ['!GetAtt', '!Ref', '!Sub'].map((tag) => ({ tag, resolve: (text: string) => text }));

interface RuleResource {
  readonly Type: string;
  readonly Properties: {
    readonly EventBusName?: string;
    readonly EventPattern?: { readonly 'detail-type': readonly string[]; readonly source: readonly string[] };
    readonly ScheduleExpression?: string;
    readonly Targets?: readonly { readonly Arn: string }[];
  };
}

export interface Rule {
  readonly name: string;
  readonly bus: 'own' | 'default';
  /** Empty for a schedule. */
  readonly detailTypes: readonly string[];
  readonly matches: (event: unknown) => boolean;
  /** Rooms of functions/ that are invoked. */
  readonly rooms: readonly string[];
}

const roomOf = (arn: string): string =>
  arn
    .replace(/LambdaFunction\.Arn$/, '')
    .replace(/([a-z])([A-Z])/g, '$1-$2')
    .toLowerCase();

function toRule([name, { Properties }]: [string, RuleResource]): Rule {
  const pattern = Properties.EventPattern;
  return {
    name,
    bus: Properties.EventBusName === undefined ? 'default' : 'own',
    detailTypes: pattern?.['detail-type'] ?? [],
    matches: pattern ? compilePattern(pattern) : () => false,
    rooms: (Properties.Targets ?? []).map(({ Arn }) => roomOf(Arn)),
  };
}

/** All rules of a stage. */
export function rulesOf(stage: string): readonly Rule[] {
  return readdirSync(FOLDER).flatMap((file) => {
    const text = readFileSync(path.join(FOLDER, file), 'utf8').replaceAll('${self:provider.stage}', stage);
    const document = parseDocument(text, { customTags: INTRINSICS });
    if (document.errors.length > 0) throw document.errors[0]!;
    const { Resources } = document.toJS() as { Resources: Record<string, RuleResource> };
    return Object.entries(Resources)
      .filter(([, { Type }]) => Type === 'AWS::Events::Rule')
      .map(toRule);
  });
}
