/** Documents in one bucket; reads take any s3:// address that the role allows. */
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { DocumentMissing } from '../domain/flow-errors.ts';
import { type Documents } from '../ports/documents.ts';
import { errorName } from './platform.ts';

/** Bucket and key of `s3://bucket/key`. @throws DocumentMissing for anything else */
export function parseS3Uri(uri: string): { Bucket: string; Key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(uri);
  if (!match) throw new DocumentMissing(uri);
  return { Bucket: match[1] ?? '', Key: match[2] ?? '' };
}

/** @throws DocumentMissing */
export async function readText(client: S3Client, uri: string): Promise<string> {
  try {
    const { Body } = await client.send(new GetObjectCommand(parseS3Uri(uri)));
    if (!Body) throw new DocumentMissing(uri);
    return await Body.transformToString('utf-8');
  } catch (error) {
    if (errorName(error) === 'NoSuchKey') throw new DocumentMissing(uri);
    throw error;
  }
}

export function newS3Documents(client: S3Client, bucket: string): Documents {
  return {
    readText: (uri) => readText(client, uri),
    async writeText(key, text, contentType) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text, ContentType: contentType }));
      return `s3://${bucket}/${key}`;
    },
  };
}
