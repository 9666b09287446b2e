import { describe, expect, it } from '@jest/globals';
import { addDays, parseDay } from '../../../pipelines/images/features/calendar.ts';
import { holidayOn } from '../../../pipelines/images/features/holidays.ts';
import {
  deriveFeatures,
  fieldsOf,
  InvalidRowError,
  requireKnownFeatures,
  requireRow,
  type FeatureRecipe,
  type RawField,
} from '../../../pipelines/images/features/recipe.ts';
import { rawFieldsOf } from '../../../pipelines/images/profiles/profile.ts';
import { profileOf, recipeOf } from '../../../pipelines/images/profiles/registry.ts';

function holidaysOf(year: number): readonly string[] {
  const found: string[] = [];
  for (let date = `${year}-01-01`; date <= `${year}-12-31`; date = addDays(date, 1)) {
    const name = holidayOn(parseDay(date)!);
    if (name !== undefined) found.push(`${date} ${name}`);
  }
  return found;
}

describe('holidays', () => {
  it.each([
    [2014, '05-26', '09-01', '11-27'],
    [2015, '05-25', '09-07', '11-26'],
    [2016, '05-30', '09-05', '11-24'],
    [2010, '05-31', '09-06', '11-25'],
    [2012, '05-28', '09-03', '11-22'],
  ])('are eight days in %i', (year, memorial, labor, thanksgiving) => {
    expect(holidaysOf(year)).toEqual([
      `${year}-01-01 New Year's Day`,
      `${year}-${memorial} Memorial Day`,
      `${year}-07-04 Independence Day`,
      `${year}-${labor} Labor Day`,
      `${year}-${thanksgiving} Thanksgiving`,
      `${year}-12-24 Christmas Eve`,
      `${year}-12-25 Christmas Day`,
      `${year}-12-31 New Year's Eve`,
    ]);
  });
});

describe('calendar days', () => {
  it('reads real dates only', () => {
    expect(parseDay('2016-02-29')).toEqual({ year: 2016, month: 2, dayOfMonth: 29, weekday: 1, dayNumber: 16860 });
    for (const text of ['2015-02-29', '2015-13-01', '2015-1-1', '15-01-01', '2015-01-01T00:00', '']) {
      expect(parseDay(text)).toBeUndefined();
    }
  });

  it('adds days across months and years', () => {
    expect(addDays('2015-12-31', 1)).toBe('2016-01-01');
    expect(addDays('2016-03-01', -1)).toBe('2016-02-29');
    expect(() => addDays('yesterday', 1)).toThrow('not a date: "yesterday"');
  });
});

const FIELDS: readonly RawField[] = [
  { name: 'date', type: 'date', nullable: false },
  { name: 'riders', type: 'number', nullable: false },
  { name: 'temp', type: 'number', nullable: true },
];

const RECIPE: FeatureRecipe = {
  version: 'test-1',
  features: [
    { name: 'temp', kind: 'raw', field: 'temp' },
    { name: 'weekday', kind: 'calendar', field: 'date', part: 'weekday' },
    { name: 'day_number', kind: 'calendar', field: 'date', part: 'dayNumber' },
    { name: 'holiday', kind: 'holiday', field: 'date', table: 'us-city-8' },
  ],
};

describe('a recipe', () => {
  it('derives its features in its order, a null as NaN', () => {
    const into = new Float32Array(8);
    deriveFeatures(RECIPE, { date: '2015-12-25', riders: 1, temp: null }, into);
    deriveFeatures(RECIPE, { date: '2015-12-26', riders: 1, temp: 31.5 }, into, 4);
    expect([...into]).toEqual([NaN, 5, 16794, 1, 31.5, 6, 16795, 0]);
  });

  it('reads only the fields it names', () => {
    expect(fieldsOf(RECIPE, FIELDS).map((field) => field.name)).toEqual(['date', 'temp']);
    expect(() => fieldsOf(RECIPE, FIELDS.slice(0, 1))).toThrow('reads the field "temp"');
  });

  it('is refused when it holds what this code cannot derive', () => {
    const later = { version: 'lunar-9', features: [{ name: 'moon', kind: 'moon-phase', field: 'date' }] };
    expect(() => requireKnownFeatures(later as unknown as FeatureRecipe)).toThrow('moon-phase');
  });
});

describe('a raw row', () => {
  it.each([
    ['MissingField', 'riders', { date: '2015-01-01', temp: 1 }],
    ['WrongType', 'riders', { date: '2015-01-01', riders: '12', temp: 1 }],
    ['WrongType', 'riders', { date: '2015-01-01', riders: null, temp: 1 }],
    ['WrongType', 'date', { date: '2015-02-30', riders: 1, temp: 1 }],
    ['MissingField', 'temp', { date: '2015-01-01', riders: 1 }],
    ['NotAnObject', '', [1, 2]],
    ['NotAnObject', '', null],
  ])('is refused: %s %s', (code, field, row) => {
    const check = (): unknown => requireRow(row, FIELDS);
    expect(check).toThrow(InvalidRowError);
    expect(check).toThrow(expect.objectContaining({ code, field }));
  });

  it('may hold more than the model needs, and null where that means: not measured', () => {
    const row = { date: '2015-01-01', riders: 1, temp: null, mood: 'fine' };
    expect(requireRow(row, FIELDS)).toBe(row);
  });
});

describe('the profile of demand-forecast', () => {
  const profile = profileOf('demand-forecast');

  it('has two recipes that differ by the holiday feature alone', () => {
    const [first, second] = profile.recipes.map((recipe) => recipe.features.map((feature) => feature.name));
    expect(second).toEqual([...first!, 'holiday']);
    expect(first).toHaveLength(49);
  });

  it('needs the same raw fields for both, and never the target', () => {
    const fields = rawFieldsOf(profile);
    const names = (version: string): string[] =>
      fieldsOf(recipeOf(profile, version), fields).map((field) => field.name);
    expect(names('calendar-1')).toEqual(names('calendar-holiday-2'));
    expect(names('calendar-1')).not.toContain('ridership');
  });

  it('names what exists when asked for something else', () => {
    expect(() => profileOf('demand')).toThrow('knows: demand-forecast');
    expect(() => recipeOf(profile, 'calendar-3')).toThrow('choose one of: calendar-1, calendar-holiday-2');
  });
});
