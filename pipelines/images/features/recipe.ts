/**
 * How a raw row becomes the numbers that a model sees. A recipe is data: it travels in the artifact's metadata.json, so a
 * server derives exactly what the trainer of its own artifact derived, and two versions with different recipes can answer
 * the same raw request side by side.
 */
import { parseDay, type CalendarDay } from './calendar.ts';
import { holidayOn } from './holidays.ts';

/** What callers send. Values are numbers or text; an explicit null is a missing value where the field allows it. */
export type RawRow = Readonly<Record<string, string | number | null>>;

export interface RawField {
  readonly name: string;
  /** `date`: text yyyy-mm-dd. `number`: a finite JSON number. */
  readonly type: 'number' | 'date';
  /** True if an explicit null is allowed and means: not measured. */
  readonly nullable: boolean;
}

export const CALENDAR_PARTS = ['weekday', 'month', 'dayOfMonth', 'dayNumber'] as const;
export type CalendarPart = (typeof CALENDAR_PARTS)[number];

export type Feature =
  | { readonly name: string; readonly kind: 'raw'; readonly field: string }
  | { readonly name: string; readonly kind: 'calendar'; readonly field: string; readonly part: CalendarPart }
  /** 1 on a holiday of the named table, else 0. */
  | { readonly name: string; readonly kind: 'holiday'; readonly field: string; readonly table: 'us-city-8' };

export interface FeatureRecipe {
  /** For instance `calendar-1`. A published recipe never changes; a better one gets a new name. */
  readonly version: string;
  /** In the order of the model's input. */
  readonly features: readonly Feature[];
}

/** A row that the recipe cannot use: which field, what it held, what it should hold. */
export class InvalidRowError extends Error {
  override readonly name = 'InvalidRowError';
  readonly code: 'MissingField' | 'WrongType' | 'NotAnObject';
  readonly field: string;
  constructor(code: InvalidRowError['code'], field: string, message: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** A recipe read from an artifact that this code does not know how to follow. */
export class UnknownFeatureError extends Error {
  override readonly name = 'UnknownFeatureError';
}

/**
 * Checks each field that the model needs; more fields are welcome and ignored, since callers serve several versions.
 * @throws InvalidRowError at the first field that is absent or of the wrong type
 */
export function requireRow(value: unknown, fields: readonly RawField[]): RawRow {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidRowError('NotAnObject', '', `a row must be a JSON object, not ${shorten(value)}`);
  }
  const row = value as Record<string, unknown>;
  for (const field of fields) requireField(row, field);
  return row as RawRow;
}

function requireField(row: Record<string, unknown>, field: RawField): void {
  const value = row[field.name];
  if (value === undefined) {
    throw new InvalidRowError(
      'MissingField',
      field.name,
      `field "${field.name}" is missing; send ${expectation(field)}`,
    );
  }
  if (value === null && field.nullable) return;
  const ok =
    field.type === 'number'
      ? typeof value === 'number' && Number.isFinite(value)
      : typeof value === 'string' && parseDay(value) !== undefined;
  if (!ok) {
    throw new InvalidRowError(
      'WrongType',
      field.name,
      `field "${field.name}" is ${shorten(value)}; send ${expectation(field)}`,
    );
  }
}

function expectation(field: RawField): string {
  const type = field.type === 'number' ? 'a finite number' : 'a date as "yyyy-mm-dd"';
  return field.nullable ? `${type}, or null if it was not measured` : type;
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/**
 * Writes the features of a checked row into `into[offset..]`; a null becomes NaN.
 * @param row passed requireRow for the fields that the recipe names
 */
export function deriveFeatures(recipe: FeatureRecipe, row: RawRow, into: Float32Array, offset = 0): void {
  let day: CalendarDay | undefined;
  let dayField: string | undefined;
  const features = recipe.features;
  for (let index = 0; index < features.length; index++) {
    const feature = features[index]!;
    if (feature.kind === 'raw') {
      const value = row[feature.field];
      into[offset + index] = typeof value === 'number' ? value : NaN;
      continue;
    }
    if (day === undefined || dayField !== feature.field) {
      dayField = feature.field;
      day = dayOfRow(row, feature.field);
    }
    into[offset + index] = feature.kind === 'calendar' ? day[feature.part] : holidayOn(day) === undefined ? 0 : 1;
  }
}

function dayOfRow(row: RawRow, field: string): CalendarDay {
  const text = row[field];
  const day = typeof text === 'string' ? parseDay(text) : undefined;
  if (day === undefined) {
    throw new InvalidRowError('WrongType', field, `field "${field}" is ${shorten(text)}; send a date as "yyyy-mm-dd"`);
  }
  return day;
}

/** The raw fields that a recipe reads, in the order of `known`. @throws UnknownFeatureError if one is not known */
export function fieldsOf(recipe: FeatureRecipe, known: readonly RawField[]): readonly RawField[] {
  const needed = new Set(recipe.features.map((feature) => feature.field));
  for (const name of needed) {
    if (!known.some((field) => field.name === name)) {
      throw new UnknownFeatureError(
        `recipe "${recipe.version}" reads the field "${name}", which the model's raw rows do not have; ` +
          'add it to the profile or correct the recipe',
      );
    }
  }
  return known.filter((field) => needed.has(field.name));
}

/** Refuses a recipe from a file with a kind, part or table that this code does not know. @throws UnknownFeatureError */
export function requireKnownFeatures(recipe: FeatureRecipe): void {
  for (const feature of recipe.features) {
    const known =
      feature.kind === 'raw' ||
      (feature.kind === 'calendar' && CALENDAR_PARTS.includes(feature.part)) ||
      (feature.kind === 'holiday' && feature.table === 'us-city-8');
    if (!known) {
      throw new UnknownFeatureError(
        `recipe "${recipe.version}" has a feature this server cannot derive: ${JSON.stringify(feature)}; ` +
          'serve the artifact with the server image of its own release',
      );
    }
  }
}
