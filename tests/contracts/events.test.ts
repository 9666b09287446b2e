/** The public contracts: examples, refusals, published schemas, and who produces and consumes them. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { eventCatalog } from '../../events/catalog.ts';
import { build, incoming, SOURCE } from '../../events/contract.ts';
import { breakingChanges, generatedSchemas, type JsonSchema, publishedSchemas } from './json-schema.ts';
import { rulesOf } from './rules.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const accepts = (schema: z.ZodMiniType, value: unknown): boolean => z.safeParse(schema, value).success;
const without = (value: object, field: string): object =>
  Object.fromEntries(Object.entries(value).filter(([name]) => name !== field));

describe.each(eventCatalog.map((contract) => ({ ...contract, example: contract.example as Record<string, unknown> })))(
  '$detailType',
  (contract) => {
    const { detailType, schema, example } = contract;
    const required = generatedSchemas().get(detailType)!['required'] as string[];

    it('has an example that fits, and is put as it is', () => {
      expect(z.parse(schema, example)).toEqual(example);
      expect(build(contract, example)).toEqual({ source: SOURCE, detailType, detail: example });
    });

    it('refuses a field that is missing', () => {
      expect(required.length).toBeGreaterThan(0);
      for (const field of required) expect([field, accepts(schema, without(example, field))]).toEqual([field, false]);
      expect(accepts(schema, undefined)).toBe(false);
      expect(accepts(schema, [])).toBe(false);
    });

    it('refuses a field of another type', () => {
      for (const field of Object.keys(example)) {
        for (const wrong of [null, { nested: true }, [1], true]) {
          if (typeof example[field] === 'object' && !Array.isArray(wrong) && typeof wrong !== 'boolean' && wrong)
            continue;
          expect([field, wrong, accepts(schema, { ...example, [field]: wrong })]).toEqual([field, wrong, false]);
        }
      }
    });

    it.each(['', 'Demand Forecast', '../demand-forecast', 'demand_forecast', '7-model', 'x'.repeat(41), 7])(
      'refuses what can not be a model: %j',
      (model) => {
        expect(accepts(schema, { ...example, model })).toBe(false);
      },
    );

    it('ignores fields that a later producer adds', () => {
      expect(z.parse(schema, { ...example, later: 1 })).toEqual(example);
    });

    it('is received from our own source and under its own name only', () => {
      const envelope = {
        id: 'a1',
        source: SOURCE,
        'detail-type': detailType,
        time: '2026-01-05T00:00:00Z',
        detail: example,
      };
      const whole = incoming(contract);
      expect(accepts(whole, envelope)).toBe(true);
      expect(accepts(whole, { ...envelope, source: 'aws.sagemaker' })).toBe(false);
      expect(accepts(whole, { ...envelope, 'detail-type': `${detailType}0` })).toBe(false);
      expect(accepts(whole, { ...envelope, detail: without(example, 'model') })).toBe(false);
    });
  },
);

describe('the catalog', () => {
  const files = readdirSync(path.join(ROOT, 'events'), { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\.v\d+\.ts$/.test(file),
  );

  it('holds every contract once, named by subject, deed and version', () => {
    const names = eventCatalog.map(({ detailType }) => detailType);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9]\d*$/);
    const paths = files.map((file) =>
      file
        .replace(/\.ts$/, '')
        .replace('/', '.')
        .replace(/^([a-z]+)\.\1-/, '$1.'),
    );
    expect(paths.sort()).toEqual([...names].sort());
  });

  it('holds nothing that nobody puts and nobody takes', () => {
    const useCases = path.join(ROOT, 'shared/use-cases');
    const text = readdirSync(useCases)
      .map((file) => readFileSync(path.join(useCases, file), 'utf8'))
      .join('\n');
    const consumed = new Set(rulesOf('dev').flatMap(({ detailTypes }) => detailTypes));
    for (const file of files) {
      const source = readFileSync(path.join(ROOT, 'events', file), 'utf8');
      const [, constant] = /export const (\w+) = defineEvent/.exec(source)!;
      const [, detailType] = /detailType: '([^']+)'/.exec(source)!;
      const isPut = new RegExp(`\\bbuild\\(\\s*${constant}\\b`).test(text) || /Put by operators/.test(source);
      expect([detailType, isPut]).toEqual([detailType, true]);
      // Its first line says who takes it; the rules must say the same.
      expect([detailType, /consumed by/i.test(source)]).toEqual([detailType, consumed.has(detailType!)]);
    }
  });
});

describe('events/published', () => {
  const published = publishedSchemas();
  const generated = generatedSchemas();

  it('breaks nobody', () => {
    for (const [detailType, before] of published) {
      expect(generated.has(detailType)).toBe(true);
      expect(breakingChanges(before, generated.get(detailType)!)).toEqual([]);
    }
  });

  it('is what the contracts say now (else run node tests/contracts/publish.ts)', () => {
    expect(Object.fromEntries(published)).toEqual(JSON.parse(JSON.stringify(Object.fromEntries(generated))));
  });
});

describe('a breaking change', () => {
  const before: JsonSchema = {
    type: 'object',
    properties: {
      model: { type: 'string', pattern: '^[a-z]+$' },
      count: { type: 'integer', minimum: 0 },
      outcome: { type: 'string', enum: ['GOOD', 'BAD'] },
      parts: { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] } },
      either: { anyOf: [{ type: 'string' }, { type: 'number' }] },
      note: { type: 'string' },
    },
    required: ['model', 'count', 'outcome'],
  };
  const old = before['properties'] as Record<string, JsonSchema>;
  const withField = (name: string, schema: JsonSchema, required = before['required']): JsonSchema => ({
    ...before,
    properties: { ...old, [name]: schema },
    required,
  });

  it.each<[what: string, after: JsonSchema, change: string]>([
    ['a removed field', { ...before, properties: without(old, 'note') }, 'detail.note: removed'],
    [
      'a new required field',
      withField('extra', { type: 'string' }, ['model', 'count', 'outcome', 'extra']),
      'detail.extra: new and required',
    ],
    [
      'an optional field that becomes required',
      { ...before, required: ['model', 'count', 'outcome', 'note'] },
      'detail.note: was optional, is required',
    ],
    [
      'a required field that becomes optional',
      { ...before, required: ['model', 'count'] },
      'detail.outcome: was always there, is optional',
    ],
    [
      'another type',
      withField('count', { type: 'string', minimum: 0 }),
      'detail.count: type was "integer", is "string"',
    ],
    ['a narrower type', withField('model', { type: 'string', pattern: '^[a-c]+$' }), 'detail.model: pattern was'],
    ['a new limit', withField('note', { type: 'string', maxLength: 10 }), 'detail.note: maxLength was absent, is 10'],
    ['a removed value', withField('outcome', { type: 'string', enum: ['GOOD'] }), 'detail.outcome: "BAD" removed'],
    [
      'a value that consumers do not know',
      withField('outcome', { type: 'string', enum: ['GOOD', 'BAD', 'UGLY'] }),
      'detail.outcome: "UGLY" added',
    ],
    ['a type narrowed to values', withField('note', { type: 'string', enum: ['x'] }), 'detail.note: narrowed to ["x"]'],
    [
      'a change inside of a list',
      withField('parts', { type: 'array', items: { type: 'object', properties: {} } }),
      'detail.parts[].a: removed',
    ],
    [
      'a removed alternative',
      withField('either', { anyOf: [{ type: 'string' }] }),
      'detail.either: other alternatives',
    ],
    [
      'a changed alternative',
      withField('either', { anyOf: [{ type: 'string' }, { type: 'integer' }] }),
      'detail.either|1: type was "number"',
    ],
  ])('is seen: %s', (_what, after, change) => {
    const changes = breakingChanges(before, after);
    expect(changes.join('\n')).toContain(change);
    expect(changes).toHaveLength(1);
  });

  it.each<[what: string, after: JsonSchema]>([
    ['nothing', before],
    ['a new optional field', withField('extra', { type: 'string' })],
    ['another explanation', { ...before, description: 'clearer', examples: [{}] }],
  ])('is not: %s', (_what, after) => {
    expect(breakingChanges(before, after)).toEqual([]);
  });
});
