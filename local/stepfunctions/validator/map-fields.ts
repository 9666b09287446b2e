/** Checks of the fields that only Map states have. */
import { UnsupportedFeature } from '../../kernel/errors.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import {
  ITEM_BATCHER_FIELDS,
  ITEM_READER_FIELDS,
  type QueryLanguage,
  READER_CONFIG_FIELDS,
  RESULT_WRITER_FIELDS,
  WRITER_CONFIG_FIELDS,
} from './fields.ts';
import type { Report } from './state-fields.ts';

const DISTRIBUTED_ONLY = [
  'ItemReader',
  'ItemBatcher',
  'ResultWriter',
  'Label',
  'ToleratedFailureCount',
  'ToleratedFailurePercentage',
];

export function isDistributed(processor: JsonObject): boolean {
  const config = processor['ProcessorConfig'];
  return isJsonObject(config) && config['Mode'] === 'DISTRIBUTED';
}

export function checkMap(
  state: JsonObject,
  processor: JsonObject,
  language: QueryLanguage,
  location: string,
  report: Report,
): void {
  const config = processor['ProcessorConfig'];
  const mode = isJsonObject(config) ? config['Mode'] : undefined;
  if (mode !== undefined && mode !== 'INLINE' && mode !== 'DISTRIBUTED') {
    report("Mode must be 'INLINE' or 'DISTRIBUTED'", `${location}/ItemProcessor/ProcessorConfig/Mode`);
  }
  if (!isDistributed(processor)) {
    for (const field of Object.keys(state)) {
      if (DISTRIBUTED_ONLY.includes(field.replace(/Path$/, ''))) {
        report(`Field '${field}' is only supported in a Map state of mode DISTRIBUTED`, `${location}/${field}`);
      }
    }
    return;
  }
  const type = isJsonObject(config) ? config['ExecutionType'] : undefined;
  if (type !== 'STANDARD' && type !== 'EXPRESS') {
    report("ExecutionType must be 'STANDARD' or 'EXPRESS'", `${location}/ItemProcessor/ProcessorConfig/ExecutionType`);
  }
  const label = state['Label'];
  if (label !== undefined && (typeof label !== 'string' || !/^[\w-]{1,40}$/.test(label))) {
    report('Label must be at most 40 letters, digits, - or _', `${location}/Label`);
  }
  checkReader(state['ItemReader'], language, `${location}/ItemReader`, report);
  checkWriter(state['ResultWriter'], language, `${location}/ResultWriter`, report);
  checkBatcher(state['ItemBatcher'], `${location}/ItemBatcher`, report);
}

function checkFields(value: Json | undefined, fields: ReadonlySet<string>, location: string, report: Report): void {
  if (!isJsonObject(value)) return report('Must be an object', location);
  for (const field of Object.keys(value)) {
    if (!fields.has(field)) report(`Field '${field}' is not supported`, `${location}/${field}`);
  }
}

function checkReader(value: Json | undefined, language: QueryLanguage, location: string, report: Report): void {
  if (value === undefined) return;
  checkFields(value, ITEM_READER_FIELDS[language], location, report);
  if (!isJsonObject(value)) return;
  const { Resource: resource, ReaderConfig: config } = value;
  const isList = resource === 'arn:aws:states:::s3:listObjectsV2';
  if (!isList && resource !== 'arn:aws:states:::s3:getObject') {
    return report(
      'Resource must be arn:aws:states:::s3:getObject or arn:aws:states:::s3:listObjectsV2',
      `${location}/Resource`,
    );
  }
  if (config !== undefined) checkFields(config, READER_CONFIG_FIELDS, `${location}/ReaderConfig`, report);
  const inputType = isJsonObject(config) ? config['InputType'] : undefined;
  if (inputType === 'MANIFEST' || inputType === 'PARQUET')
    throw new UnsupportedFeature(`ItemReader InputType ${inputType}`);
  if (!isList && inputType !== 'CSV' && inputType !== 'JSON' && inputType !== 'JSONL') {
    report("InputType must be one of 'CSV', 'JSON', 'JSONL'", `${location}/ReaderConfig/InputType`);
  }
  if (inputType === 'CSV' && isJsonObject(config)) {
    const header = config['CSVHeaderLocation'];
    if (header !== 'FIRST_ROW' && header !== 'GIVEN') {
      report("CSVHeaderLocation must be 'FIRST_ROW' or 'GIVEN'", `${location}/ReaderConfig/CSVHeaderLocation`);
    }
    if (header === 'GIVEN' && !Array.isArray(config['CSVHeaders'])) {
      report('These fields are required: [CSVHeaders]', `${location}/ReaderConfig`);
    }
  }
}

function checkWriter(value: Json | undefined, language: QueryLanguage, location: string, report: Report): void {
  if (value === undefined) return;
  checkFields(value, RESULT_WRITER_FIELDS[language], location, report);
  if (!isJsonObject(value)) return;
  const { Resource: resource, WriterConfig: config } = value;
  if (resource !== undefined && resource !== 'arn:aws:states:::s3:putObject') {
    report('Resource must be arn:aws:states:::s3:putObject', `${location}/Resource`);
  }
  if (config === undefined) return;
  checkFields(config, WRITER_CONFIG_FIELDS, `${location}/WriterConfig`, report);
  if (!isJsonObject(config)) return;
  if (!['JSON', 'JSONL', undefined].includes(config['OutputType'] as string | undefined)) {
    report("OutputType must be 'JSON' or 'JSONL'", `${location}/WriterConfig/OutputType`);
  }
  if (!['NONE', 'COMPACT', 'FLATTEN', undefined].includes(config['Transformation'] as string | undefined)) {
    report("Transformation must be 'NONE', 'COMPACT' or 'FLATTEN'", `${location}/WriterConfig/Transformation`);
  }
}

function checkBatcher(value: Json | undefined, location: string, report: Report): void {
  if (value === undefined) return;
  checkFields(value, ITEM_BATCHER_FIELDS, location, report);
  if (isJsonObject(value) && !Object.keys(value).some((field) => field.startsWith('Max'))) {
    report('ItemBatcher needs MaxItemsPerBatch or MaxInputBytesPerBatch', location);
  }
}
