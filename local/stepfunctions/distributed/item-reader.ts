/** ItemReader: the items of a Distributed Map from S3, as CSV, JSON, JSON Lines, or the objects of a bucket. */
import { parse as parseCsv } from 'csv-parse/sync';
import { asEpochMs, asNumber } from '../../kernel/coerce.ts';
import { AwsError } from '../../kernel/errors.ts';
import { StateError } from '../errors.ts';
import { type Json, type JsonObject, isJsonObject, toJson } from '../json.ts';
import type { Field } from '../state-io.ts';
import { asCount } from '../states/map.ts';
import type { Frame } from '../workflow.ts';

export interface ItemReader {
  readonly list: boolean;
  readonly args: Field;
  readonly config: JsonObject;
  readonly maxItems: Field;
}

export function compileReader(
  definition: JsonObject,
  argumentsOf: (part: JsonObject) => Field,
  field: (part: JsonObject, name: string) => Field,
): ItemReader {
  const config = isJsonObject(definition['ReaderConfig']) ? definition['ReaderConfig'] : {};
  return {
    list: definition['Resource'] === 'arn:aws:states:::s3:listObjectsV2',
    args: argumentsOf(definition),
    config,
    maxItems: field(config, 'MaxItems'),
  };
}

function readerFailed(cause: string): StateError {
  return new StateError('States.ItemReaderFailed', cause);
}

/** @throws StateError States.ItemReaderFailed */
export async function readItems(reader: ItemReader, frame: Frame): Promise<Json[]> {
  const args = await reader.args(frame);
  const bucket = isJsonObject(args) ? args['Bucket'] : undefined;
  if (!isJsonObject(args) || typeof bucket !== 'string') throw readerFailed('The ItemReader needs a Bucket');
  const items = reader.list ? await listObjects(frame, args) : parseItems(await getObject(frame, args), reader.config);
  const max = asCount(await reader.maxItems(frame), 'ItemReader/ReaderConfig/MaxItems') ?? 0;
  return max > 0 ? items.slice(0, max) : items;
}

async function call(frame: Frame, operation: string, input: JsonObject): Promise<Record<string, unknown>> {
  const { engine, thread } = frame;
  try {
    const answer: unknown = await thread.scope.race(
      engine.cloud.call('s3', operation, input, engine.principal(thread.execution)),
    );
    return answer as Record<string, unknown>;
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
    throw readerFailed(`${error.message} (Service: S3, Status Code: ${error.statusCode}, Error Code: ${error.code})`);
  }
}

async function getObject(frame: Frame, args: JsonObject): Promise<string> {
  const answer = await call(frame, 'GetObject', args);
  const body = answer['Body'];
  if (typeof body === 'string') return body;
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  throw readerFailed('The object has no content');
}

async function listObjects(frame: Frame, args: JsonObject): Promise<Json[]> {
  const items: Json[] = [];
  let token: string | undefined;
  do {
    const page = await call(frame, 'ListObjectsV2', {
      ...args,
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    for (const object of (page['Contents'] ?? []) as Record<string, unknown>[]) items.push(objectItem(object));
    token = page['IsTruncated'] === true ? (page['NextContinuationToken'] as string) : undefined;
  } while (token !== undefined);
  return items;
}

/** The metadata of an object as Step Functions hands it on; LastModified in epoch seconds. */
function objectItem(object: Record<string, unknown>): Json {
  const modified = object['LastModified'];
  return {
    Etag: toJson(object['ETag'] ?? ''),
    Key: toJson(object['Key']),
    LastModified: modified === undefined ? 0 : Math.floor(asEpochMs(modified, 'LastModified') / 1000),
    Size: asNumber(object['Size'] ?? 0, 'Size'),
    StorageClass: toJson(object['StorageClass'] ?? 'STANDARD'),
  };
}

function parseItems(text: string, config: JsonObject): Json[] {
  try {
    switch (config['InputType']) {
      case 'CSV':
        return parseRows(text, config);
      case 'JSONL':
        return text
          .split(/\r?\n/)
          .filter((line) => line.trim() !== '')
          .map((line) => JSON.parse(line) as Json);
      default:
        return parseArray(text, config['ItemsPointer']);
    }
  } catch (error) {
    if (error instanceof StateError) throw error;
    throw readerFailed(
      `Unable to parse the object as ${JSON.stringify(config['InputType'])}: ${(error as Error).message}`,
    );
  }
}

const DELIMITERS: Readonly<Record<string, string>> = { COMMA: ',', PIPE: '|', SEMICOLON: ';', SPACE: ' ', TAB: '\t' };

/** Every value of a row is a string. Missing values are empty, surplus ones are dropped. */
function parseRows(text: string, config: JsonObject): Json[] {
  const name = (config['CSVDelimiter'] as string | undefined) ?? 'COMMA';
  const delimiter = DELIMITERS[name];
  if (delimiter === undefined) throw readerFailed(`Unknown CSVDelimiter ${name}`);
  const rows: string[][] = parseCsv(text, { delimiter, bom: true, relax_column_count: true, skip_empty_lines: true });
  const headers = config['CSVHeaderLocation'] === 'GIVEN' ? (config['CSVHeaders'] as string[]) : (rows.shift() ?? []);
  return rows.map((row) => Object.fromEntries(headers.map((header, i) => [header, row[i] ?? ''])));
}

/** @param pointer JSON pointer to the array inside the document */
function parseArray(text: string, pointer: Json | undefined): Json[] {
  let value: Json | undefined = JSON.parse(text) as Json;
  if (typeof pointer === 'string') {
    for (const part of pointer.split('/').slice(1)) {
      const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
      value = isJsonObject(value) ? value[key] : Array.isArray(value) ? value[Number(key)] : undefined;
    }
  }
  if (Array.isArray(value)) return value;
  if (isJsonObject(value)) return Object.entries(value).map(([Key, Value]) => ({ Key, Value }));
  throw readerFailed('Attempting to map over non-iterable node.');
}
