/** The rules of .dependency-cruiser.cjs hold in the tree, and each of them can fail. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CONFIGURATION = path.join(ROOT, '.dependency-cruiser.cjs');
const ROOMS = ['shared', 'functions', 'events', 'pipelines', 'infrastructure', 'local', 'tests'];
const FIXTURE = path.join(import.meta.dirname, 'fixture');
/** A cruiser that can't read TypeScript sees no modules, and finds them all innocent. */
const MODULES_AT_LEAST = 400;

const { forbidden } = createRequire(import.meta.url)(CONFIGURATION) as Required<Pick<IFlattenedRuleSet, 'forbidden'>>;

async function cruiseFrom(baseDir: string, rooms: readonly string[]): Promise<ICruiseResult> {
  const options = await extractDepcruiseOptions(CONFIGURATION);
  const { output } = await cruise([...rooms], { ...options, baseDir }, options.enhancedResolveOptions, {
    tsConfig: extractTsConfig(path.join(ROOT, 'tsconfig.json')),
  });
  return output as ICruiseResult;
}

const violations = ({ summary }: ICruiseResult): string[] =>
  summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`);

describe('import rules', () => {
  it('hold in the whole tree', async () => {
    const result = await cruiseFrom(ROOT, ROOMS);
    expect(violations(result)).toEqual([]);
    expect(result.summary.totalCruised).toBeGreaterThan(MODULES_AT_LEAST);
  });

  it('are errors, and each tells the way out', () => {
    const names = forbidden.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const rule of forbidden) {
      expect(rule).toMatchObject({ severity: 'error' });
      expect(rule.comment?.length ?? 0).toBeGreaterThan(60);
    }
  });
});

describe('a tree with forbidden imports', () => {
  const found = cruiseFrom(FIXTURE, ROOMS).then(violations);

  it.each([
    ['domain-imports-nothing', 'shared/domain/reads-a-file.ts', 'fs'],
    ['domain-imports-nothing', 'shared/domain/needs-a-port.ts', 'shared/ports/clock.ts'],
    ['ports-speak-domain', 'shared/ports/names-an-adapter.ts', 'shared/aws/tokens.ts'],
    ['catalog-stands-on-domain', 'shared/catalog/knows-events.ts', 'events/look-due.ts'],
    ['use-cases-need-ports-only', 'shared/use-cases/sends-itself.ts', '@aws-sdk/client-sfn'],
    ['sdk-stays-at-the-edge', 'shared/use-cases/sends-itself.ts', '@aws-sdk/client-sfn'],
    ['events-need-zod-only', 'events/needs-domain.ts', 'shared/domain/number.ts'],
    ['adapters-implement-ports', 'shared/aws/decides.ts', 'shared/use-cases/judge.ts'],
    ['product-knows-no-laptop', 'shared/aws/asks-the-laptop.ts', 'local/clock.ts'],
    ['runtime-is-thin', 'shared/runtime/knows-the-business.ts', 'shared/use-cases/judge.ts'],
    ['functions-do-not-know-each-other', 'functions/first/handler.ts', 'functions/second/handler.ts'],
    ['single-contracts-only', 'functions/second/handler.ts', 'events/catalog.ts'],
    ['adapters-are-made-in-dependencies', 'functions/second/handler.ts', 'shared/aws/tokens.ts'],
    ['catalog-is-handed-over', 'functions/second/handler.ts', 'shared/catalog/models.ts'],
    ['functions-are-doors', 'functions/second/handler.ts', 'shared/domain/number.ts'],
    ['declared-packages-only', 'functions/second/dependencies.ts', 'fast-check'],
    ['infrastructure-reads-the-catalog', 'infrastructure/fleet.ts', 'shared/use-cases/judge.ts'],
    ['pipelines-stand-alone', 'pipelines/needs-the-control-plane.ts', 'shared/domain/number.ts'],
    ['images-stand-alone', 'pipelines/images/reaches-out.ts', 'pipelines/definition.ts'],
    ['local-knows-npm-only', 'local/knows-the-product.ts', 'shared/domain/number.ts'],
    ['tests-are-imported-by-tests', 'local/borrows-from-tests.ts', 'tests/builders.ts'],
    ['launch-uses-public-doors', 'local/launch/takes-a-short-cut.ts', 'shared/use-cases/judge.ts'],
    ['no-circles', 'shared/domain/egg.ts', 'shared/domain/hen.ts'],
    ['no-circles-of-types', 'shared/domain/left.ts', 'shared/domain/right.ts'],
    ['no-barrels', 'shared/domain/from-the-barrel.ts', 'shared/domain/index.ts'],
    ['nothing-unresolved', 'shared/domain/lost.ts', './not-there.ts'],
  ])('breaks %s: %s', async (rule, from, imported) => {
    const guilty = (await found).filter((line) => line.startsWith(`${rule}: ${from} -> `));
    expect(guilty.some((line) => line.includes(imported))).toBe(true);
  });

  it('breaks every rule that there is, so that none is blind', async () => {
    const broken = new Set((await found).map((line) => line.slice(0, line.indexOf(':'))));
    expect([...broken].sort()).toEqual(forbidden.map(({ name }) => name!).sort());
  });

  it('finds nobody guilty who keeps to the rules', async () => {
    const innocent = [
      'shared/domain/innocent.ts',
      'events/look-due.ts',
      'shared/aws/tokens.ts',
      'pipelines/definition.ts',
    ];
    expect((await found).filter((line) => innocent.some((file) => line.includes(`: ${file} ->`)))).toEqual([]);
  });
});
