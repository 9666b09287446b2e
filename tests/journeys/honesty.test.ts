/**
 * The rehearsal may only send requests, put events, approve through public doors, deliver labels and inject named faults. It
 * may not call use cases, write tables, set metrics or complete tokens. Read from its source.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { ROOT } from '../support/journey.ts';

const LAUNCH = 'local/launch';
const FILES = [
  ...['operator.ts', 'traffic.ts', 'data-platform.ts'].map((name) => `${LAUNCH}/${name}`),
  ...readdirSync(join(ROOT, LAUNCH, 'rehearsal')).map((name) => `${LAUNCH}/rehearsal/${name}`),
];

/** Of the product: contracts of events, names and limits of the catalog, types of records, and keys to read them by. */
const PRODUCT = /^(shared|functions|events|pipelines|infrastructure)\//;
const MAY_IMPORT =
  /^(events\/|shared\/catalog\/|shared\/aws\/keys\.ts$|pipelines\/demand-forecast\/(replay|source)\.ts$)/;
const MAY_IMPORT_TYPES = /^shared\/ports\//;

/** Operations that would bring about what the system is to bring about. Reading is free; so are the doors named above. */
const FORBIDDEN = new RegExp(
  '^(' +
    'PutItem|UpdateItem|DeleteItem|BatchWriteItem|TransactWriteItems|ExecuteStatement|ExecuteTransaction|BatchExecuteStatement|' +
    'PutMetricData|SetAlarmState|PutMetricAlarm|SendTask(Success|Failure|Heartbeat)|StartExecution|StartSyncExecution|' +
    'StopExecution|RedriveExecution|Invoke|InvokeAsync|CreateModel|CreateModelPackage|CreateEndpoint(Config)?|UpdateEndpoint|' +
    'DeleteEndpoint(Config)?|DeleteModel|StartPipelineExecution|CreateTrainingJob|CreateSchedule|UpdateSchedule|SendMessage|Publish' +
    ')(Command)?$',
);

interface Offence {
  readonly kind: 'import' | 'operation';
  readonly what: string;
}

function importOf(file: string, node: ts.ImportDeclaration): Offence[] {
  const specifier = (node.moduleSpecifier as ts.StringLiteral).text;
  if (!specifier.startsWith('.')) return [];
  const path = posix.normalize(posix.join(posix.dirname(file), specifier));
  if (!PRODUCT.test(path) || MAY_IMPORT.test(path)) return [];
  const bindings = node.importClause?.namedBindings;
  const onlyTypes =
    node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword ||
    (bindings !== undefined && ts.isNamedImports(bindings) && bindings.elements.every((each) => each.isTypeOnly));
  return onlyTypes && MAY_IMPORT_TYPES.test(path) ? [] : [{ kind: 'import', what: path }];
}

/** What a file does that a rehearsal must not. Operations are found by name, as an identifier or as text. */
function offences(file: string, text: string): Offence[] {
  const found: Offence[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) found.push(...importOf(file, node));
    const name = ts.isIdentifier(node) || ts.isStringLiteralLike(node) ? node.text : undefined;
    if (name !== undefined && FORBIDDEN.test(name)) found.push({ kind: 'operation', what: name });
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  return found;
}

describe('the rehearsal', () => {
  it.each(FILES)('%s goes in by public doors only', (file) => {
    const told = offences(file, readFileSync(join(ROOT, file), 'utf8'));
    // Alerts are counted by the operation that sends them; that is reading.
    const counted = file.endsWith('rehearsal/measure.ts') ? told.filter(({ what }) => what !== 'Publish') : told;
    expect(counted).toEqual([]);
  });

  it('is looked at whole', () => {
    expect(FILES.length).toBeGreaterThanOrEqual(9);
    expect(FILES).toContain('local/launch/rehearsal/stories.ts');
  });
});

describe('the search finds', () => {
  const file = 'local/launch/rehearsal/sample.ts';
  it.each([
    ["import { judgeRollout } from '../../../shared/use-cases/judge-rollout.ts';", 'shared/use-cases/judge-rollout.ts'],
    ["import { newStores } from '../../../shared/aws/stores.ts';", 'shared/aws/stores.ts'],
    ["import { newHandler } from '../../../functions/judge-rollout/handler.ts';", 'functions/judge-rollout/handler.ts'],
    ["import { UnknownRollout } from '../../../shared/domain/errors.ts';", 'shared/domain/errors.ts'],
    ['await client.send(new PutItemCommand({}));', 'PutItemCommand'],
    ["await cloud.context.call('states', 'SendTaskSuccess', {}, root);", 'SendTaskSuccess'],
    ['await services.cloudwatch.operations.SetAlarmState({});', 'SetAlarmState'],
    ['const input = `StartExecution`;', 'StartExecution'],
  ])('%s', (text, what) => {
    expect(offences(file, text).map((each) => each.what)).toContain(what);
  });

  it('nothing in what is allowed', () => {
    const text = [
      "import { type RolloutRecord } from '../../../shared/ports/rollout-store.ts';",
      "import { newCatalog } from '../../../shared/catalog/catalog.ts';",
      "import { abortRequested } from '../../../events/rollout/abort-requested.v1.ts';",
      '// PutItem',
      'await client.send(new PutEventsCommand({}));',
    ].join('\n');
    expect(offences(file, text)).toEqual([]);
  });
});
