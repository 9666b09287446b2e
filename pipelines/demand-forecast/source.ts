/** The ridership series as raw rows: what a caller of demand-forecast would send, and the truth that arrives later. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { stringify } from '../images/trainer/csv.ts';

/** `date` (yyyy-mm-dd), `ridership` (thousands, the target) and 45 numeric columns. */
export type RidershipRow = Readonly<Record<string, number | string>> & {
  readonly date: string;
  readonly ridership: number;
};

export const SERIES_PATH = 'pipelines/data/chicago-ridership/Chicago.csv.gz';

/** Four flags that are equal in every row and mark the baseball season, not games: one of them stays, under its true name. */
const BASEBALL_COLUMNS = ['WhiteSox_Away', 'WhiteSox_Home', 'Cubs_Away', 'Cubs_Home'];

export class SeriesFormatError extends Error {
  override readonly name = 'SeriesFormatError';
}

/**
 * Reads the whole series in order of date.
 * @param file bytes of the committed .csv.gz; read from this folder's data if absent
 * @throws SeriesFormatError if the four baseball columns are not identical or a value is not a number
 */
export function readSeries(file: Uint8Array = readCommittedSeries()): readonly RidershipRow[] {
  const records = parse(gunzipSync(file), { columns: true }) as readonly Record<string, string>[];
  return records.map((record, index) => toRow(record, index + 2));
}

function readCommittedSeries(): Uint8Array {
  return readFileSync(new URL('../data/chicago-ridership/Chicago.csv.gz', import.meta.url));
}

function toRow(record: Record<string, string>, line: number): RidershipRow {
  const row: Record<string, number | string> = {};
  for (const [column, text] of Object.entries(record)) {
    if (column === 'date') row.date = text;
    else if (!BASEBALL_COLUMNS.includes(column)) row[column] = toNumber(column, text, line);
  }
  const season = new Set(BASEBALL_COLUMNS.map((column) => record[column]));
  if (season.size !== 1) {
    throw new SeriesFormatError(
      `line ${line}: the four baseball columns differ: ${[...season].join(', ')}; keep them apart`,
    );
  }
  row.baseball_season = toNumber('baseball_season', record.Cubs_Home, line);
  return row as RidershipRow;
}

function toNumber(column: string, text: string | undefined, line: number): number {
  const value = text === undefined || text === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) {
    throw new SeriesFormatError(
      `line ${line}, ${column}: ${JSON.stringify(text)} is not a number; restore the committed file`,
    );
  }
  return value;
}

/** The rows from one day to another, both inclusive (yyyy-mm-dd). */
export function period(rows: readonly RidershipRow[], from: string, to: string): readonly RidershipRow[] {
  return rows.filter((row) => row.date >= from && row.date <= to);
}

/** The temperatures of the day, °F in the series. */
export const TEMPERATURE_COLUMNS = ['temp_min', 'temp', 'temp_max', 'dew'] as const;

/**
 * The named fault "a feed that switched to metric": temperatures in °C, all else untouched. The result is plausible on its
 * own; it only contradicts rows in °F.
 */
export function withCelsius(rows: readonly RidershipRow[]): readonly RidershipRow[] {
  return rows.map((row) => {
    const changed: Record<string, number | string> = { ...row };
    for (const column of TEMPERATURE_COLUMNS) changed[column] = (((row[column] as number) - 32) * 5) / 9;
    return changed as RidershipRow;
  });
}

/** The rows as the CSV file that a pipeline's InputDataUri holds. */
export function toCsv(rows: readonly RidershipRow[]): string {
  const columns = Object.keys(rows[0] ?? {});
  return stringify(columns, rows);
}
