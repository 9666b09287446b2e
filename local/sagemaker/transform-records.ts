/** Records of batch transform: splitting, packing, filtering and joining CSV and JSON Lines. */
import { JSON_LINES } from './inference.ts';
import { JobFailed } from './jobs.ts';
import { type JsonPath, select } from './json-path.ts';

export type RecordFormat = 'csv' | 'json';

/** The format behind a MIME type, or undefined for data that can't be filtered or joined. */
export function formatOf(mime: string): RecordFormat | undefined {
  const type = mime.split(';')[0]!.trim();
  if (type === 'text/csv') return 'csv';
  return type === 'application/json' || JSON_LINES.includes(type) ? 'json' : undefined;
}

/** Lines of a text; a line break at the very end does not begin another record. */
export function linesOf(text: string): string[] {
  const trimmed = text.endsWith('\n') ? text.slice(0, -1) : text;
  return trimmed === '' ? [] : trimmed.split('\n').map((line) => line.replace(/\r$/, ''));
}

/** Cells of a CSV line as they are written, quotes kept, so that joining loses nothing. */
export function cellsOf(line: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    if (character === ',' && !quoted) {
      cells.push(cell);
      cell = '';
    } else cell += character;
  }
  return [...cells, cell];
}

function parse(line: string, format: RecordFormat): unknown {
  if (format === 'csv') return cellsOf(line);
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw new JobFailed(`ClientError: a record is not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function write(value: unknown, format: RecordFormat): string {
  if (format === 'json') return JSON.stringify(value);
  return Array.isArray(value) ? value.join(',') : String(value);
}

/** A record after a filter. @throws JobFailed when the filter selects nothing */
export function filtered(line: string, format: RecordFormat, path: JsonPath): string {
  if (path.length === 0) return line;
  const selected = select(parse(line, format), path);
  if (selected === undefined)
    throw new JobFailed(`ClientError: a filter selects nothing from the record '${line.slice(0, 200)}'`);
  return write(selected, format);
}

/**
 * Joins an input record with its output: CSV appends the columns; a JSON object gets the member SageMakerOutput, any other
 * JSON value becomes { SageMakerInput, SageMakerOutput }.
 */
export function joined(input: string, output: string, format: RecordFormat): string {
  if (format === 'csv') return write([...cellsOf(input), ...cellsOf(output)], format);
  const record = parse(input, format);
  const result = parse(output, format);
  const isObject = typeof record === 'object' && record !== null && !Array.isArray(record);
  return write(
    isObject ? { ...record, SageMakerOutput: result } : { SageMakerInput: record, SageMakerOutput: result },
    format,
  );
}

/**
 * Packs records into payloads of at most `maxBytes`, a line break after each record but the last.
 * @throws JobFailed when one record alone is too large
 */
export function packed(
  records: readonly string[],
  single: boolean,
  maxBytes: number,
  encoding: BufferEncoding = 'utf8',
): string[][] {
  const batches: string[][] = [];
  let size = Infinity;
  for (const record of records) {
    const bytes = Buffer.byteLength(record, encoding) + 1;
    if (bytes - 1 > maxBytes) {
      throw new JobFailed(
        `ClientError: a record of ${bytes - 1} bytes exceeds the maximum payload of ${maxBytes} bytes`,
      );
    }
    if (single || size + bytes > maxBytes + 1) {
      batches.push([]);
      size = 0;
    }
    batches.at(-1)!.push(record);
    size += bytes;
  }
  return batches;
}
