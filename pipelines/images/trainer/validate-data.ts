/**
 * Step ValidateData: are these rows fit to learn from?
 *
 * In: processing/input/data/*.csv[.gz], raw rows with date and target.
 * Out: processing/output/validated/data.csv (rows in order of date; a measuring error in a nullable column is emptied) and
 * processing/output/report/validation.json (the property file ValidationReport).
 * Fails when columns are missing or unknown, too few rows remain, or more than the allowed share had to be rejected.
 */
import { parseDay } from '../features/calendar.ts';
import { type ModelProfile, type NumberColumn } from '../profiles/profile.ts';
import { profileOf } from '../profiles/registry.ts';
import { columnIndex, InputDataError, readCsvDirectory, stringify, type CsvTable } from './csv.ts';
import { paths, readArguments, toNumber, writeJson, writeOutput, type Job } from './job.ts';

export type Finding =
  /** Emptied: a nullable column outside its range. */
  | 'OutOfRange'
  /** Counted: a nullable column that came empty. */
  | 'Null'
  /** Rejects the row: the date is not yyyy-mm-dd. */
  | 'InvalidDate'
  /** Rejects the row: a date that an earlier row already has. */
  | 'DuplicateDate'
  /** Rejects the row: a required column or the target is empty, not a number or outside its range. */
  | 'UnusableRow';

export interface ValidationReport {
  readonly model: string;
  readonly rows: { readonly read: number; readonly kept: number; readonly rejected: number };
  readonly rejectedShare: number;
  readonly period: { readonly from: string; readonly to: string };
  /** Days without a row between the first and the last. */
  readonly missingDays: number;
  readonly findings: readonly {
    readonly finding: Finding;
    readonly column: string;
    readonly count: number;
    /** Up to five, as `date=value`. */
    readonly examples: readonly string[];
  }[];
}

type CleanRow = Record<string, string | number | null>;

/** @throws InputDataError, JobConfigurationError, UnknownProfileError */
export async function run(job: Job): Promise<void> {
  const values = readArguments(job, { model: undefined, 'min-rows': '365', 'max-rejected-share': '0.01' });
  const profile = profileOf(values.model);
  const minRows = toNumber('--min-rows', values['min-rows'], 1, 1e9);
  const maxRejectedShare = toNumber('--max-rejected-share', values['max-rejected-share'], 0, 1);
  const table = readCsvDirectory(paths.processingInput(job, 'data'));
  requireColumns(profile, table.columns);
  const { rows, report } = validateRows(profile, table);
  writeJson(paths.processingOutput(job, 'report', 'validation.json'), report);
  for (const { finding, column, count, examples } of report.findings) {
    job.log(`${finding} ${column}: ${count} (${examples.join(' ')})`);
  }
  job.log(`kept ${report.rows.kept} of ${report.rows.read} rows, ${report.period.from} to ${report.period.to}`);
  if (rows.length < minRows) {
    throw new InputDataError(
      `only ${rows.length} usable rows, ${minRows} are required; check InputDataUri or lower --min-rows`,
    );
  }
  if (report.rejectedShare > maxRejectedShare) {
    throw new InputDataError(
      `${report.rows.rejected} of ${report.rows.read} rows had to be rejected, more than the share ${maxRejectedShare} allowed; ` +
        'see validation.json and repair the source',
    );
  }
  const order = [profile.dateField, profile.target.name, ...profile.columns.map((column) => column.name)];
  writeOutput(paths.processingOutput(job, 'validated', 'data.csv'), stringify(order, rows));
}

function requireColumns(profile: ModelProfile, columns: readonly string[]): void {
  const expected = [profile.dateField, profile.target.name, ...profile.columns.map((column) => column.name)];
  const missing = expected.filter((name) => !columns.includes(name));
  const unknown = columns.filter((name) => !expected.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    throw new InputDataError(
      `the columns do not fit ${profile.model}: missing [${missing.join(', ')}], unknown [${unknown.join(', ')}]; ` +
        'deliver exactly the columns of its profile',
    );
  }
}

/** The rows that can be used, in order of date, and what was found. */
export function validateRows(
  profile: ModelProfile,
  table: CsvTable,
): { readonly rows: readonly CleanRow[]; readonly report: ValidationReport } {
  const findings = newFindings();
  const byDate = new Map<string, CleanRow>();
  const required: NumberColumn = { ...profile.target, type: 'number', nullable: false };
  const columns = [required, ...profile.columns].map((column) => ({ column, index: columnIndex(table, column.name) }));
  const dateIndex = columnIndex(table, profile.dateField);
  for (const texts of table.rows) {
    const row = checkRow(profile, texts[dateIndex]!, columns, texts, findings);
    if (row === undefined) continue;
    const date = row[profile.dateField] as string;
    if (byDate.has(date)) findings.add('DuplicateDate', profile.dateField, date, date);
    else byDate.set(date, row);
  }
  const dates = [...byDate.keys()].sort();
  const rows = dates.map((date) => byDate.get(date)!);
  const from = dates[0] ?? '';
  const to = dates.at(-1) ?? '';
  const rejected = table.rows.length - rows.length;
  return {
    rows,
    report: {
      model: profile.model,
      rows: { read: table.rows.length, kept: rows.length, rejected },
      rejectedShare: table.rows.length === 0 ? 1 : rejected / table.rows.length,
      period: { from, to },
      missingDays: rows.length === 0 ? 0 : parseDay(to)!.dayNumber - parseDay(from)!.dayNumber + 1 - rows.length,
      findings: findings.list(),
    },
  };
}

function checkRow(
  profile: ModelProfile,
  date: string,
  columns: readonly { readonly column: NumberColumn; readonly index: number }[],
  texts: readonly string[],
  findings: Findings,
): CleanRow | undefined {
  if (parseDay(date) === undefined) {
    findings.add('InvalidDate', profile.dateField, date, '');
    return undefined;
  }
  const row: CleanRow = { [profile.dateField]: date };
  for (const { column, index } of columns) {
    const text = texts[index]!.trim();
    const value = text === '' ? NaN : Number(text);
    if (value >= column.min && value <= column.max) {
      row[column.name] = value;
    } else if (column.nullable) {
      row[column.name] = null;
      findings.add(text === '' ? 'Null' : 'OutOfRange', column.name, date, text);
    } else {
      findings.add('UnusableRow', column.name, date, text);
      return undefined;
    }
  }
  return row;
}

interface Findings {
  add(finding: Finding, column: string, date: string, value: string): void;
  list(): ValidationReport['findings'];
}

function newFindings(): Findings {
  const counted = new Map<string, { finding: Finding; column: string; count: number; examples: string[] }>();
  return {
    add(finding, column, date, value) {
      const key = `${finding} ${column}`;
      const entry = counted.get(key) ?? { finding, column, count: 0, examples: [] };
      entry.count += 1;
      if (entry.examples.length < 5) entry.examples.push(`${date}=${value}`);
      counted.set(key, entry);
    },
    list: () => [...counted.keys()].sort().map((key) => counted.get(key)!),
  };
}
