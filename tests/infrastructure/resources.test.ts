/** Alarms, names, storage, logs, environment: what AWS would refuse, and what would be missed when it is needed. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { alarmMap, guardAlarms, VARIANTS } from '../../shared/catalog/alarms.ts';
import { newCatalog } from '../../shared/catalog/catalog.ts';
import { type RealTimeModel } from '../../shared/catalog/model-definition.ts';
import { endpointName, packageGroupName, pipelineName, stagingEndpointName } from '../../shared/catalog/names.ts';
import { packagedTemplate } from '../support/packaged-template.ts';
import { at, references, resourcesOf, strings, target, textOf } from './reading.ts';

const template = packagedTemplate();
const ROOT = path.resolve(import.meta.dirname, '../..');
const { models } = newCatalog();
const realTime = models.filter((model): model is RealTimeModel => model.endpointType === 'real-time');
const STAGES = ['dev', 'staging', 'prod'];

describe('alarms', () => {
  const alarms = resourcesOf(template, 'AWS::CloudWatch::Alarm');
  const guards = alarms.filter(({ Properties }) => textOf(Properties['AlarmName']).startsWith('switchyard-dev-'));

  it('choose what missing data means, and say what they mean', () => {
    expect(alarms.length).toBeGreaterThan(guards.length);
    for (const { Properties } of alarms) {
      expect(['missing', 'ignore', 'breaching', 'notBreaching']).toContain(Properties['TreatMissingData']);
      expect(textOf(Properties['AlarmDescription']).length).toBeGreaterThan(20);
    }
  });

  it('lead back to model, variant and meaning', () => {
    const map = alarmMap('dev', realTime);
    expect(guards.map(({ Properties }) => textOf(Properties['AlarmName'])).sort()).toEqual([...map.keys()].sort());
    expect(guards).toHaveLength(realTime.length * VARIANTS.length * 2);
    for (const { Properties } of guards) {
      const guard = map.get(textOf(Properties['AlarmName']))!;
      const dimensions = strings(Properties).filter(({ way }) => way.includes('Dimensions') && way.at(-1) === 'Value');
      expect(new Set(dimensions.map(({ text }) => text))).toEqual(new Set([guard.endpoint, guard.variant]));
      expect(Properties).toMatchObject({ Threshold: guard.threshold, EvaluationPeriods: guard.evaluationPeriods });
    }
  });

  it('have names that are unique, and short enough, in every stage', () => {
    const names = STAGES.flatMap((stage) => realTime.flatMap((model) => guardAlarms(stage, model))).map(
      ({ alarmName }) => alarmName,
    );
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name.length).toBeLessThanOrEqual(255);
  });
});

describe('names', () => {
  const LONGEST_REGION = 'ap-southeast-2';
  const inLongestStage = (name: string): string =>
    name.replace(/-dev-/, '-staging-').replace('eu-central-1', LONGEST_REGION);
  const tooLong = (type: string, member: string, limit: number): string[] =>
    resourcesOf(template, type)
      .map(({ Properties }) => inLongestStage(textOf(Properties[member])))
      .filter((name) => name.length > limit);

  it.each([
    ['AWS::Lambda::Function', 'FunctionName', 64],
    ['AWS::IAM::Role', 'RoleName', 64],
    ['AWS::StepFunctions::StateMachine', 'StateMachineName', 80],
    ['AWS::SQS::Queue', 'QueueName', 80],
    ['AWS::Scheduler::Schedule', 'Name', 64],
    ['AWS::Scheduler::ScheduleGroup', 'Name', 64],
    ['AWS::SageMaker::ModelPackageGroup', 'ModelPackageGroupName', 63],
  ])('of %s fit in the longest stage', (type, member, limit) => {
    expect(resourcesOf(template, type).length).toBeGreaterThan(0);
    expect(tooLong(type, member, limit)).toEqual([]);
  });

  it('carry the stage, so that stages can share an account', () => {
    const named = strings(template.Resources).filter(
      ({ way }) =>
        way.length === 3 && /^(FunctionName|RoleName|QueueName|TableName|TopicName|StateMachineName)$/.test(way[2]!),
    );
    expect(named.length).toBeGreaterThan(70);
    expect(named.filter(({ text }) => !/^switchyard-dev-/.test(text)).map(({ text }) => text)).toEqual([]);
  });

  it('of what SageMaker holds fit for all models and stages, up to a million rollouts', () => {
    const SAGEMAKER = /^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/;
    for (const stage of STAGES) {
      for (const { name } of models) {
        const endpoint = endpointName(stage, name);
        const staging = stagingEndpointName(stage, name);
        const names = [endpoint, staging, packageGroupName(stage, name), pipelineName(stage, name)];
        // Configurations and models: epoch or version behind the endpoint's name.
        for (const each of [...names, `${endpoint}-e999999-single`, `${staging}-v999999`, `${endpoint}-v999999`])
          expect(each).toMatch(SAGEMAKER);
        // Executions (80) and the dead man's schedules (64).
        expect(`${name}-v999999`.length).toBeLessThanOrEqual(80);
        expect(`dead-man-${name}-r999999`.length).toBeLessThanOrEqual(64);
      }
    }
  });

  it('of configurations are the ones that are checked here', () => {
    const built = readdirSync(path.join(ROOT, 'shared/use-cases')).flatMap((file) => {
      const text = readFileSync(path.join(ROOT, 'shared/use-cases', file), 'utf8');
      return [...text.matchAll(/configuration(?:Name)? = `([^`]+)`/g)].map(([, name]) => name!);
    });
    expect(built.length).toBeGreaterThanOrEqual(3);
    const known = /^\$\{[a-zA-Z.]+\}-(e\$\{[a-zA-Z.]+\}(-single)?|v\$\{[a-zA-Z.]+\})$/;
    expect(built.filter((name) => !known.test(name))).toEqual([]);
  });
});

describe('text', () => {
  it("holds '${' only where somebody resolves it", () => {
    const left = strings(template.Resources).filter(
      ({ way, text }) => text.includes('${') && !way.includes('Fn::Sub') && way[2] !== 'Definition',
    );
    expect(left).toEqual([]);
  });

  it('of definitions holds tokens that are substituted, and nothing else', () => {
    for (const { Properties } of resourcesOf(template, 'AWS::StepFunctions::StateMachine')) {
      const tokens = strings(Properties['Definition']).flatMap(({ text }) => text.match(/\$\{[^}]*\}/g) ?? []);
      const substitutions = Object.keys(Properties['DefinitionSubstitutions'] as object);
      expect([...new Set(tokens)].sort()).toEqual(substitutions.map((name) => `\${${name}}`).sort());
    }
  });

  it('refers to resources that are there', () => {
    const known = new Set(Object.keys(template.Resources));
    const missing = Object.entries(template.Resources).flatMap(([id, { Properties }]) =>
      [...references(Properties)]
        .filter((to) => !known.has(to) && !to.startsWith('AWS::'))
        .map((to) => `${id} -> ${to}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('logs', () => {
  const groups = resourcesOf(template, 'AWS::Logs::LogGroup');

  it('are kept for half a year at least', () => {
    expect(groups.length).toBeGreaterThanOrEqual(34);
    for (const { id, Properties } of groups)
      expect([id, Number(Properties['RetentionInDays']) >= 180]).toEqual([id, true]);
  });

  it('have a group for each function and machine', () => {
    const names = groups.map(({ Properties }) => textOf(Properties['LogGroupName']));
    for (const { Properties } of resourcesOf(template, 'AWS::Lambda::Function'))
      expect(names).toContain(`/aws/lambda/${textOf(Properties['FunctionName'])}`);
    for (const { Properties } of resourcesOf(template, 'AWS::StepFunctions::StateMachine'))
      expect(names).toContain(`/aws/vendedlogs/states/${textOf(Properties['StateMachineName'])}`);
  });
});

describe('storage', () => {
  it('keeps its tables: point-in-time recovery, encryption, retention', () => {
    const tables = resourcesOf(template, 'AWS::DynamoDB::Table');
    expect(tables.length).toBeGreaterThan(0);
    for (const { Properties, DeletionPolicy } of tables) {
      expect(at(Properties, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled')).toBe(true);
      expect(at(Properties, 'SSESpecification', 'SSEEnabled')).toBe(true);
      expect(DeletionPolicy).toBe('Retain');
    }
  });

  it.each(resourcesOf(template, 'AWS::S3::Bucket').map(({ id, Properties }) => [id, Properties] as const))(
    '%s is closed to the public, and encrypted',
    (_id, properties) => {
      expect(properties['PublicAccessBlockConfiguration']).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(properties['BucketEncryption']).toBeDefined();
    },
  );
});

describe('environments', () => {
  /** What Lambda itself sets. */
  const GIVEN = ['AWS_REGION'];

  /** Keys of `const environment = z.object({ ... })`. */
  function readBy(text: string): string[] {
    const source = ts.createSourceFile('dependencies.ts', text, ts.ScriptTarget.Latest, true);
    const found: string[] = [];
    const visit = (node: ts.Node): void => {
      if (ts.isVariableDeclaration(node) && node.name.getText() === 'environment' && node.initializer) {
        const [shape] = ts.isCallExpression(node.initializer) ? node.initializer.arguments : [];
        if (shape && ts.isObjectLiteralExpression(shape))
          found.push(...shape.properties.map((property) => property.name?.getText() ?? '...'));
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  }

  it('are read by their keys', () => {
    expect(
      readBy('const other = z.object({ B: 1 });\nconst environment = z.object({ A: z.string(), STAGE: z.enum([]) });'),
    ).toEqual(['A', 'STAGE']);
  });

  it.each(
    resourcesOf(template, 'AWS::Lambda::Function').map(
      ({ Properties }) => [textOf(Properties['Handler']).split('/')[1]!, Properties] as const,
    ),
  )('of %s hold what it reads, and nothing else', (room, properties) => {
    const read = readBy(readFileSync(path.join(ROOT, 'functions', room, 'dependencies.ts'), 'utf8'));
    const set = Object.keys(at(properties, 'Environment', 'Variables') ?? {});
    expect(read.length).toBeGreaterThan(0);
    expect([...set, ...GIVEN].sort()).toEqual([...read].sort());
  });

  it('name a function for every room', () => {
    const rooms = resourcesOf(template, 'AWS::Lambda::Function').map(
      ({ Properties }) => textOf(Properties['Handler']).split('/')[1],
    );
    expect([...rooms].sort()).toEqual(readdirSync(path.join(ROOT, 'functions')).sort());
    for (const { Properties } of resourcesOf(template, 'AWS::Lambda::Function')) {
      expect(Properties).toMatchObject({ Runtime: 'nodejs22.x', Architectures: ['arm64'] });
      expect(target(Properties['Role'])).toBeDefined();
    }
  });
});
