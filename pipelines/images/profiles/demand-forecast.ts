/** Daily demand at one place: the ridership series (see pipelines/data/chicago-ridership/ATTRIBUTION.md). */
import { type Feature, type FeatureRecipe } from '../features/recipe.ts';
import { type ModelProfile, type NumberColumn } from './profile.ts';

/** Stations of the same network; each column holds that station's riders (thousands) fourteen days earlier. */
const STATIONS = [
  'Austin',
  'Quincy_Wells',
  'Belmont',
  'Archer_35th',
  'Oak_Park',
  'Western',
  'Clark_Lake',
  'Clinton',
  'Merchandise_Mart',
  'Irving_Park',
  'Washington_Wells',
  'Harlem',
  'Monroe',
  'Polk',
  'Ashland',
  'Kedzie',
  'Addison',
  'Jefferson_Park',
  'Montrose',
  'California',
];

/**
 * Weather of the day, US customary units (°F, inHg, mph, inches) as far as ranges tell; ranges are wide enough for any
 * weather the city has seen and narrow enough for the known sensor errors (wind_max 406, pressure_change 26.92).
 */
const WEATHER: readonly (readonly [name: string, min: number, max: number])[] = [
  ['temp_min', -40, 115],
  ['temp', -40, 115],
  ['temp_max', -40, 115],
  ['temp_change', 0, 80],
  ['dew', -50, 90],
  ['humidity', 0, 100],
  ['pressure', 28, 32],
  ['pressure_change', 0, 3],
  ['wind', 0, 80],
  ['wind_max', 0, 100],
  ['gust', 0, 120],
  ['gust_max', 0, 120],
  ['percip', 0, 20],
  ['percip_max', 0, 20],
  ['weather_rain', 0, 1],
  ['weather_snow', 0, 1],
  ['weather_cloud', 0, 1],
  ['weather_storm', 0, 1],
];

/** 1 on days of a game; `baseball_season` only marks the season. */
const FLAGS = [
  'Blackhawks_Away',
  'Blackhawks_Home',
  'Bulls_Away',
  'Bulls_Home',
  'Bears_Away',
  'Bears_Home',
  'baseball_season',
];

const COLUMNS: readonly NumberColumn[] = [
  ...STATIONS.map((name) => ({ name, type: 'number' as const, nullable: false, min: 0, max: 60 })),
  ...WEATHER.map(([name, min, max]) => ({ name, type: 'number' as const, nullable: true, min, max })),
  ...FLAGS.map((name) => ({ name, type: 'number' as const, nullable: false, min: 0, max: 1 })),
];

const CALENDAR: readonly Feature[] = [
  ...COLUMNS.map(({ name }) => ({ name, kind: 'raw' as const, field: name })),
  { name: 'weekday', kind: 'calendar', field: 'date', part: 'weekday' },
  { name: 'month', kind: 'calendar', field: 'date', part: 'month' },
  { name: 'day_of_month', kind: 'calendar', field: 'date', part: 'dayOfMonth' },
  { name: 'day_number', kind: 'calendar', field: 'date', part: 'dayNumber' },
];

const RECIPES: readonly FeatureRecipe[] = [
  { version: 'calendar-1', features: CALENDAR },
  {
    version: 'calendar-holiday-2',
    features: [...CALENDAR, { name: 'holiday', kind: 'holiday', field: 'date', table: 'us-city-8' }],
  },
];

export const demandForecast: ModelProfile = {
  model: 'demand-forecast',
  dateField: 'date',
  target: { name: 'ridership', units: 'thousands of riders per day', min: 0, max: 60 },
  columns: COLUMNS,
  naive: { column: 'Clark_Lake', description: 'the same day two weeks ago' },
  recipes: RECIPES,
  dataNotice:
    'Daily entries at the Clark/Lake station in Chicago, 2001 to 2016, standing in for demand of a mobility service; ' +
    'the weather is what was observed on the day itself.',
};
