/** Names, sizes and reach of files: what reviewers would otherwise have to watch. */
import { describe, expect, it } from '@jest/globals';
import { ambientUses, emptyNames, filesBelow, textOf } from './tree.ts';

const HANDLER_LINES_MAX = 60;
const MAIN_LINES_MAX = 5;
const ROOM_FILES = ['dependencies.ts', 'function.yml', 'handler.ts', 'main.ts'];

const isSource = (file: string): boolean => file.endsWith('.ts');
const linesOf = (file: string): number => textOf(file).trimEnd().split('\n').length;
const isMain = (file: string): boolean =>
  /^functions\/[^/]+\/main\.ts$/.test(file) || /^pipelines\/images\/[^/]+\/main\.ts$/.test(file);

/** Where the world's own time, chance and environment come in. */
const DOORS: Readonly<Record<string, (file: string) => boolean>> = {
  'process.env': isMain,
  'Date.now': (file) => file === 'shared/aws/platform.ts',
  'Math.random': (file) => file === 'shared/aws/platform.ts',
  randomUUID: (file) => file === 'shared/aws/platform.ts',
};

describe('names', () => {
  it.each([
    'shared/utils/dates.ts',
    'local/helpers.ts',
    'functions/common/index.ts',
    'tests/lib/a.ts',
    'events/misc.yml',
  ])('refuses %s', (file) => {
    expect(emptyNames(file)).toHaveLength(1);
  });

  it('say what is in a file or folder', () => {
    const files = filesBelow('');
    expect(files.length).toBeGreaterThan(400);
    expect(files.filter((file) => emptyNames(file).length > 0)).toEqual([]);
  });

  it('put nothing at the root of shared/, and no barrel anywhere', () => {
    expect(filesBelow('shared').filter((file) => file.split('/').length === 2)).toEqual([]);
    const barrels = filesBelow('').filter((file) => /(^|\/)index\.[cm]?[jt]s$/.test(file));
    expect(barrels).toEqual([]);
  });
});

describe('rooms of functions/', () => {
  const rooms = [...new Set(filesBelow('functions').map((file) => file.split('/')[1]!))];

  it.each(rooms)('%s looks like all others', (room) => {
    const files = filesBelow(`functions/${room}`).map((file) => file.slice(`functions/${room}/`.length));
    expect(files.filter((file) => file !== 'schema.ts').sort()).toEqual(ROOM_FILES);
    expect(room).toMatch(/^[a-z]+(-[a-z]+)+$/);
    expect(linesOf(`functions/${room}/handler.ts`)).toBeLessThanOrEqual(HANDLER_LINES_MAX);
    expect(linesOf(`functions/${room}/main.ts`)).toBeLessThanOrEqual(MAIN_LINES_MAX);
  });
});

describe('time, chance and environment', () => {
  it.each([
    ['const at = Date.now();', ['Date.now']],
    ['const at = new Date();', ['new Date()']],
    ['const at = globalThis.Date.now();', ['Date.now']],
    ['const stage = process.env.STAGE ?? process.env["STAGE"];', ['process.env', 'process.env']],
    ['const id = crypto.randomUUID();', ['randomUUID']],
    ['setTimeout(() => undefined, 10);', ['setTimeout']],
    ['const chance = Math.random;', ['Math.random']],
    ["// Date.now\nconst text = 'Math.random()';\nconst at = new Date(0);", []],
  ])('are seen in %j', (text, uses) => {
    expect(ambientUses('sample.ts', text)).toEqual(uses);
  });

  it('come into the product by its doors only', () => {
    const files = ['shared', 'functions', 'events', 'pipelines', 'infrastructure'].flatMap(filesBelow).filter(isSource);
    const uses = files.flatMap((file) => ambientUses(file, textOf(file)).map((use) => ({ file, use })));
    expect(uses.filter(({ file, use }) => !DOORS[use]?.(file)).map(({ file, use }) => `${file}: ${use}`)).toEqual([]);
    // The doors are there, so the search has looked.
    expect(new Set(uses.map(({ use }) => use))).toEqual(new Set(Object.keys(DOORS)));
  });
});

describe('the rehearsal', () => {
  /** What people and callers of a model may do: look, put events, approve in the registry, deliver data, ask the model. */
  const DOORS_IN = /^(Get|List|Describe|Head|Query|Filter)[A-Za-z]*Command$/;
  const DEEDS = new Set(['PutEventsCommand', 'UpdateModelPackageCommand', 'InvokeEndpointCommand', 'PutObjectCommand']);
  /** Services of the laptop cloud that it may reach into, past the SDK: what they offer is no way into the product's state. */
  const REACHED = new Set([
    'sagemaker.sendTraffic',
    'stepfunctions.transitions',
    'lambda.invocations',
    'lambda.onInvocation',
  ]);
  /** What AWS itself does to an endpoint on a busy day: a named fault. */
  const ACTS_OF_AWS = new Set(["'sagemaker', 'UpdateEndpointWeightsAndCapacities'"]);
  const files = filesBelow('local/launch').filter(
    (file) => isSource(file) && /\/(rehearsal\/|operator|traffic|rehearse)/.test(file),
  );

  const sideDoors = (text: string): string[] => [
    ...(text.match(/\b[A-Z][A-Za-z]+Command\b/g) ?? []).filter((name) => !DOORS_IN.test(name) && !DEEDS.has(name)),
    ...[...text.matchAll(/\bservices\.([a-z]+\.[A-Za-z]+)/g)]
      .map(([, door]) => door!)
      .filter((door) => !REACHED.has(door)),
    ...(text.match(/\b(operations\[|recordMetric|gateway\.)/g) ?? []),
    ...[...text.matchAll(/\bcontext\.call\(([^,]*, [^,]*),/g)]
      .map(([, call]) => call!)
      .filter((call) => !ACTS_OF_AWS.has(call)),
  ];

  it.each([
    'new PutItemCommand({})',
    'new SendTaskSuccessCommand({})',
    'new PutMetricDataCommand({})',
    'new UpdateEndpointWeightsAndCapacitiesCommand({})',
    'cloud.services.dynamodb.write()',
    'cloud.context.recordMetric({})',
    "cloud.context.call('dynamodb', 'PutItem', {}, operator)",
  ])('would be caught at %s', (text) => {
    expect(sideDoors(text)).not.toEqual([]);
  });

  it('goes in by public doors only', () => {
    expect(files.length).toBeGreaterThanOrEqual(6);
    expect(files.flatMap((file) => sideDoors(textOf(file)).map((door) => `${file}: ${door}`))).toEqual([]);
  });
});
