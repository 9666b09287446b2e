/** CSV files of a job: csv-parse reads, and what we write is numbers, dates and plain names, so it never needs quotes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';

/** Rows of text; every row has a value for each column. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export class InputDataError extends Error {
  override readonly name = 'InputDataError';
}

/**
 * All *.csv and *.csv.gz files of a directory in the order of their names, each with its own header.
 * @throws InputDataError if there is no such file, or the headers differ
 */
export function readCsvDirectory(directory: string): CsvTable {
  const files = listFiles(directory).filter((name) => name.endsWith('.csv') || name.endsWith('.csv.gz'));
  if (files.length === 0) {
    throw new InputDataError(`no .csv or .csv.gz file in ${directory}; check the S3 prefix of this input`);
  }
  const tables = files.sort().map((name) => readTable(directory, name));
  const columns = tables[0]!.columns;
  tables.forEach((table, index) => {
    if (table.columns.join() !== columns.join()) {
      throw new InputDataError(
        `${files[index]} has other columns than ${files[0]}: ${table.columns.join()}; give all files one header`,
      );
    }
  });
  return { columns, rows: tables.length === 1 ? tables[0]!.rows : tables.flatMap((table) => table.rows) };
}

function readTable(directory: string, name: string): CsvTable {
  const bytes = readFileSync(join(directory, name));
  const [columns, ...rows] = parseLines(name.endsWith('.gz') ? gunzipSync(bytes) : bytes, name);
  if (columns === undefined) throw new InputDataError(`${name} is empty; it needs a header row`);
  return { columns, rows };
}

/** Where a column lies in the rows. @throws InputDataError if the table lacks it */
export function columnIndex(table: CsvTable, name: string): number {
  const index = table.columns.indexOf(name);
  if (index < 0) throw new InputDataError(`column ${name} is missing; the table has ${table.columns.join(', ')}`);
  return index;
}

function parseLines(bytes: Uint8Array, name: string): readonly (readonly string[])[] {
  try {
    return parse(Buffer.from(bytes), { columns: false });
  } catch (cause) {
    throw new InputDataError(`${name} is not a CSV file: ${(cause as Error).message}`, { cause });
  }
}

function listFiles(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (cause) {
    throw new InputDataError(`cannot read ${directory}; is this input or channel configured for the job?`, { cause });
  }
}

/** A missing value (undefined, null, NaN) becomes an empty field. @throws InputDataError for text that would need quotes */
export function stringify(
  columns: readonly string[],
  rows: readonly Readonly<Record<string, number | string | null | undefined>>[],
): string {
  const lines = [columns.join(',')];
  for (const row of rows) lines.push(columns.map((column) => formatValue(row[column])).join(','));
  return `${lines.join('\n')}\n`;
}

function formatValue(value: number | string | null | undefined): string {
  if (value === undefined || value === null || Number.isNaN(value)) return '';
  if (typeof value === 'number') return String(value);
  const text = value;
  if (/[",\r\n]/.test(text))
    throw new InputDataError(`value ${JSON.stringify(text)} needs quotes; write numbers and plain names only`);
  return text;
}
