/** The public contracts as JSON Schemas, and what may change about them without a new version. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';
import { eventCatalog } from '../../events/catalog.ts';

export const PUBLISHED = path.resolve(import.meta.dirname, '../../events/published');

export type JsonSchema = Readonly<Record<string, unknown>>;

/** Detail-type -> schema of the event's `detail`. Unknown fields are allowed: consumers ignore them. */
export function generatedSchemas(): ReadonlyMap<string, JsonSchema> {
  return new Map(
    eventCatalog.map(({ detailType, schema, example }) => {
      const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
      return [detailType, { $schema, title: detailType, ...rest, examples: [example] }];
    }),
  );
}

/** Detail-type -> schema as it is committed. */
export function publishedSchemas(): ReadonlyMap<string, JsonSchema> {
  const files = readdirSync(PUBLISHED).filter((file) => file.endsWith('.schema.json'));
  return new Map(
    files.map((file) => [
      file.slice(0, -'.schema.json'.length),
      JSON.parse(readFileSync(path.join(PUBLISHED, file), 'utf8')) as JsonSchema,
    ]),
  );
}

export function publishedText(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** They explain, and promise nothing. */
const ANNOTATIONS = new Set(['$schema', '$id', 'title', 'description', 'examples', 'default', '$comment']);
/** Compared by their parts. */
const STRUCTURE = new Set(['properties', 'required', 'items', 'anyOf', 'enum', 'additionalProperties']);

const properties = (schema: JsonSchema): Record<string, JsonSchema> =>
  (schema['properties'] ?? {}) as Record<string, JsonSchema>;
const required = (schema: JsonSchema): readonly string[] => (schema['required'] ?? []) as readonly string[];
const isSchema = (value: unknown): value is JsonSchema => typeof value === 'object' && value !== null;

function propertyChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const [old, now] = [properties(before), properties(after)];
  return [
    ...Object.keys(old).flatMap((name) => {
      const changed = now[name];
      if (changed === undefined) return [`${at}.${name}: removed`];
      return schemaChanges(old[name]!, changed, `${at}.${name}`);
    }),
    ...required(after)
      .filter((name) => !required(before).includes(name))
      .map((name) => `${at}.${name}: ${name in old ? 'was optional, is required' : 'new and required'}`),
    ...required(before)
      .filter((name) => name in now && !required(after).includes(name))
      .map((name) => `${at}.${name}: was always there, is optional`),
  ];
}

function enumChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const [old, now] = [before['enum'], after['enum']] as (readonly unknown[] | undefined)[];
  if (!old && !now) return [];
  if (!old) return [`${at}: narrowed to ${JSON.stringify(now)}`];
  if (!now) return [`${at}: no longer one of ${JSON.stringify(old)}`];
  return [
    ...old.filter((value) => !now.includes(value)).map((value) => `${at}: ${JSON.stringify(value)} removed`),
    ...now.filter((value) => !old.includes(value)).map((value) => `${at}: ${JSON.stringify(value)} added`),
  ];
}

function partChanges(before: unknown, after: unknown, at: string): string[] {
  if (isSchema(before) && isSchema(after)) return schemaChanges(before, after, at);
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [`${at}: changed`];
}

function alternativeChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const [old, now] = [before['anyOf'], after['anyOf']] as (readonly JsonSchema[] | undefined)[];
  if (!old && !now) return [];
  if (old?.length !== now?.length) return [`${at}: other alternatives`];
  return old!.flatMap((each, i) => schemaChanges(each, now![i]!, `${at}|${i}`));
}

function schemaChanges(before: JsonSchema, after: JsonSchema, at: string): string[] {
  const keywords = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (keyword) => !ANNOTATIONS.has(keyword) && !STRUCTURE.has(keyword),
  );
  return [
    ...keywords
      .filter((keyword) => JSON.stringify(before[keyword]) !== JSON.stringify(after[keyword]))
      .map((keyword) => `${at}: ${keyword} was ${show(before[keyword])}, is ${show(after[keyword])}`),
    ...propertyChanges(before, after, at),
    ...enumChanges(before, after, at),
    ...alternativeChanges(before, after, at),
    ...partChanges(before['items'], after['items'], `${at}[]`),
    ...partChanges(before['additionalProperties'], after['additionalProperties'], `${at}.*`),
  ];
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'absent';

/**
 * What makes a new version necessary: everything but a new optional field and other explanations, as events/contract.ts
 * promises. A producer breaks by what is narrowed, a consumer by what is widened.
 * @returns one line for each change, beginning with its path
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema): string[] {
  return schemaChanges(before, after, 'detail');
}
