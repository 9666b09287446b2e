/** ResultWriter: the results of a Distributed Map as objects in S3, with a manifest. */
import { AwsError } from '../../kernel/errors.ts';
import { StateError } from '../errors.ts';
import type { Execution } from '../execution.ts';
import { type Json, type JsonObject, isJsonObject } from '../json.ts';
import type { Field } from '../state-io.ts';
import type { Frame } from '../workflow.ts';

export interface ResultWriter {
  /** Bucket and prefix; absent when only WriterConfig is given, which shapes the state's own output. */
  readonly args: Field;
  readonly exports: boolean;
  readonly outputType: 'JSON' | 'JSONL';
  readonly transformation: 'NONE' | 'COMPACT' | 'FLATTEN';
}

export function compileWriter(definition: JsonObject, argumentsOf: (part: JsonObject) => Field): ResultWriter {
  const config = isJsonObject(definition['WriterConfig']) ? definition['WriterConfig'] : {};
  const exports = definition['Resource'] !== undefined;
  return {
    args: argumentsOf(definition),
    exports,
    outputType: (config['OutputType'] as 'JSON' | 'JSONL' | undefined) ?? 'JSON',
    transformation:
      (config['Transformation'] as ResultWriter['transformation'] | undefined) ?? (exports ? 'NONE' : 'COMPACT'),
  };
}

/** Results of the children that succeeded, shaped by the transformation. */
export function transformResults(
  children: readonly Execution[],
  transformation: ResultWriter['transformation'],
): Json[] {
  if (transformation === 'NONE') return children.map(describeChild);
  const outputs = children.map(outputOf);
  return transformation === 'COMPACT' ? outputs : outputs.flatMap((output) => output);
}

function outputOf(child: Execution): Json {
  return child.end?.status === 'SUCCEEDED' ? child.end.output : null;
}

/** A child as the export files describe it. */
function describeChild(child: Execution): Json {
  const { end, options } = child;
  return {
    ExecutionArn: child.arn,
    Input: options.inputText,
    InputDetails: { Included: true },
    Name: options.name,
    ...(end?.status === 'SUCCEEDED'
      ? { Output: JSON.stringify(end.output), OutputDetails: { Included: true } }
      : { Error: end?.error ?? '', Cause: end?.cause ?? '' }),
    RedriveCount: 0,
    RedriveStatus: end?.status === 'SUCCEEDED' ? 'NOT_REDRIVABLE' : 'REDRIVABLE_BY_MAP_RUN',
    StartDate: new Date(child.startMs).toISOString(),
    StateMachineArn: options.stateMachineArn,
    Status: child.status,
    ...(child.stopMs === undefined ? {} : { StopDate: new Date(child.stopMs).toISOString() }),
  };
}

/**
 * Writes SUCCEEDED, FAILED and PENDING files and `manifest.json` below `<prefix>/<map run id>/`.
 * @returns what becomes the state's result; @throws StateError States.ResultWriterFailed
 */
export async function writeResults(
  writer: ResultWriter,
  frame: Frame,
  mapRunArn: string,
  children: readonly Execution[],
): Promise<Json> {
  const args = await writer.args(frame);
  const bucket = isJsonObject(args) ? args['Bucket'] : undefined;
  if (!isJsonObject(args) || typeof bucket !== 'string') {
    throw new StateError('States.ResultWriterFailed', 'The ResultWriter needs a Bucket');
  }
  const prefix = typeof args['Prefix'] === 'string' ? args['Prefix'].replace(/\/$/, '') : '';
  const folder = `${prefix === '' ? '' : `${prefix}/`}${mapRunArn.slice(mapRunArn.lastIndexOf(':') + 1)}`;
  const put = (key: string, body: string): Promise<void> => putObject(frame, bucket, `${folder}/${key}`, body);
  const files: Record<'FAILED' | 'PENDING' | 'SUCCEEDED', Json[]> = { FAILED: [], PENDING: [], SUCCEEDED: [] };
  const groups = {
    SUCCEEDED: children.filter(({ status }) => status === 'SUCCEEDED'),
    FAILED: children.filter(({ status }) => status === 'FAILED' || status === 'TIMED_OUT' || status === 'ABORTED'),
  };
  for (const [status, group] of Object.entries(groups) as ['SUCCEEDED' | 'FAILED', Execution[]][]) {
    if (group.length === 0) continue;
    // What failed is always described in full: a transformation is for outputs.
    const results = transformResults(group, status === 'SUCCEEDED' ? writer.transformation : 'NONE');
    const body = serialise(results, writer.outputType);
    const key = `${status}_0.${writer.outputType === 'JSON' ? 'json' : 'jsonl'}`;
    await put(key, body);
    files[status].push({ Key: `${folder}/${key}`, Size: Buffer.byteLength(body) });
  }
  await put('manifest.json', JSON.stringify({ DestinationBucket: bucket, MapRunArn: mapRunArn, ResultFiles: files }));
  return { MapRunArn: mapRunArn, ResultWriterDetails: { Bucket: bucket, Key: `${folder}/manifest.json` } };
}

function serialise(results: readonly Json[], type: 'JSON' | 'JSONL'): string {
  return type === 'JSON' ? JSON.stringify(results) : results.map((result) => JSON.stringify(result)).join('\n');
}

async function putObject(frame: Frame, bucket: string, key: string, body: string): Promise<void> {
  const { engine, thread } = frame;
  const input = { Bucket: bucket, Key: key, Body: Buffer.from(body), ContentType: 'application/json' };
  try {
    await thread.scope.race(engine.cloud.call('s3', 'PutObject', input, engine.principal(thread.execution)));
  } catch (error) {
    if (!(error instanceof AwsError) || error.code === 'UnsupportedFeature') throw error;
    throw new StateError(
      'States.ResultWriterFailed',
      `${error.message} (Service: S3, Status Code: ${error.statusCode}, Error Code: ${error.code})`,
    );
  }
}
