/** Moves objects between S3 (as some principal, so that IAM is enforced) and directories on this machine's disk. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { asBytes } from '../kernel/coerce.ts';
import { AwsError, validationError } from '../kernel/errors.ts';
import { type Principal } from '../kernel/service.ts';
import { type SageMakerContext } from './context.ts';
import { untar } from './tar.ts';

export interface S3Location {
  readonly bucket: string;
  readonly key: string;
}

/** Raised when data is not there or can't be read: a prefix without objects, a broken archive. The message is AWS's. */
export class DataUnavailable extends Error {
  override readonly name = 'DataUnavailable';
}

/** @throws AwsError ValidationException when it is not `s3://bucket/key` */
export function parseS3Uri(uri: string): S3Location {
  const match = /^s3:\/\/([^/]+)\/?(.*)$/s.exec(uri);
  if (!match) throw validationError(`'${uri}' is not an S3 URI of the form s3://bucket/key`);
  return { bucket: match[1] ?? '', key: match[2] ?? '' };
}

/** Joins an S3 prefix and a path with exactly one slash between them. */
export function joinS3(prefix: string, ...path: readonly string[]): string {
  return [prefix.replace(/\/+$/, ''), ...path].join('/');
}

interface Page {
  Contents?: { Key: string; Size: number }[];
  NextContinuationToken?: string;
  IsTruncated?: boolean;
}

/** All keys below a prefix, directory markers left out, in S3's order. */
export async function listKeys(context: SageMakerContext, uri: string, principal: Principal): Promise<string[]> {
  const { bucket, key } = parseS3Uri(uri);
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const result = (await context.cloud.call(
      's3',
      'ListObjectsV2',
      { Bucket: bucket, Prefix: key, ...(token === undefined ? {} : { ContinuationToken: token }) },
      principal,
    )) as Page;
    for (const object of result.Contents ?? []) if (!object.Key.endsWith('/')) keys.push(object.Key);
    token = result.IsTruncated ? result.NextContinuationToken : undefined;
  } while (token !== undefined);
  return keys;
}

export async function getObject(
  context: SageMakerContext,
  location: S3Location,
  principal: Principal,
): Promise<Uint8Array> {
  const output = (await context.cloud.call(
    's3',
    'GetObject',
    { Bucket: location.bucket, Key: location.key },
    principal,
  )) as { Body?: unknown };
  return output.Body === undefined ? new Uint8Array() : asBytes(output.Body, 'Body');
}

export async function putObject(
  context: SageMakerContext,
  location: S3Location,
  body: Uint8Array,
  principal: Principal,
): Promise<void> {
  await context.cloud.call('s3', 'PutObject', { Bucket: location.bucket, Key: location.key, Body: body }, principal);
}

/** Where an object of a prefix lies below the prefix's local directory: SageMaker cuts at the prefix's last slash. */
export function relativeKey(prefix: string, key: string): string {
  const folder =
    prefix.endsWith('/') || key.startsWith(`${prefix}/`) ? prefix : prefix.slice(0, prefix.lastIndexOf('/') + 1);
  return key.slice(folder.length).replace(/^\/+/, '');
}

function writeTracked(context: SageMakerContext, path: string, bytes: Uint8Array): Promise<void> {
  return context.cloud.kernel.inFlight.track('file write', async () => {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  });
}

export async function makeDirectory(context: SageMakerContext, directory: string): Promise<void> {
  await context.cloud.kernel.inFlight.track('mkdir', () => mkdir(directory, { recursive: true }));
}

export async function writeText(context: SageMakerContext, path: string, text: string): Promise<void> {
  await writeTracked(context, path, Buffer.from(text));
}

/**
 * Downloads all objects of an S3 prefix into a directory.
 * @returns the number of files @throws DataUnavailable when there are none
 */
export async function download(
  context: SageMakerContext,
  uri: string,
  directory: string,
  principal: Principal,
): Promise<number> {
  const { bucket, key: prefix } = parseS3Uri(uri);
  const keys = await listKeys(context, uri, principal);
  if (keys.length === 0)
    throw new DataUnavailable(`No S3 objects found under S3 URL "${uri}" given in input data source.`);
  await makeDirectory(context, directory);
  for (const key of keys) {
    const bytes = await getObject(context, { bucket, key }, principal);
    await writeTracked(context, join(directory, relativeKey(prefix, key)), bytes);
  }
  return keys.length;
}

function gunzip(archive: Uint8Array, uri: string): Uint8Array {
  try {
    return gunzipSync(archive);
  } catch (error) {
    throw new DataUnavailable(`"${uri}" is not a gzip archive: ${(error as Error).message}`, { cause: error });
  }
}

/** Downloads `model.tar.gz` and unpacks it, as SageMaker does for ModelDataUrl. */
export async function downloadArchive(
  context: SageMakerContext,
  uri: string,
  directory: string,
  principal: Principal,
): Promise<void> {
  const archive = await getObject(context, parseS3Uri(uri), principal);
  await makeDirectory(context, directory);
  for (const file of untar(gunzip(archive, uri))) await writeTracked(context, join(directory, file.path), file.content);
}

/** Relative paths of all files below a directory, sorted, so that uploads have one order on every machine. */
export async function filesBelow(context: SageMakerContext, directory: string): Promise<string[]> {
  const walk = async (folder: string): Promise<string[]> => {
    const entries = await readdir(join(directory, folder), { withFileTypes: true });
    const paths: string[] = [];
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) paths.push(...(await walk(path)));
      else paths.push(path);
    }
    return paths;
  };
  return (await context.cloud.kernel.inFlight.track('readdir', () => walk(''))).sort();
}

/** Uploads all files below a directory under an S3 prefix. Returns the number of files. */
export async function upload(
  context: SageMakerContext,
  directory: string,
  uri: string,
  principal: Principal,
): Promise<number> {
  const { bucket, key: prefix } = parseS3Uri(uri);
  const paths = await filesBelow(context, directory);
  for (const path of paths) {
    const bytes = await context.cloud.kernel.inFlight.track('file read', () => readFile(join(directory, path)));
    await putObject(context, { bucket, key: prefix === '' ? path : joinS3(prefix, path) }, bytes, principal);
  }
  return paths.length;
}

/** The text of an error for a FailureReason; errors that AWS would not report are defects and are thrown on. */
export function failureText(error: unknown): string {
  if (error instanceof AwsError || error instanceof DataUnavailable) return error.message;
  throw error;
}
