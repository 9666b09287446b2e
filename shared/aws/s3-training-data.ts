/**
 * The data platform's manifest of the newest snapshot, `raw/<model>/latest.json`: a flat JSON object of pipeline parameters.
 * The snapshot itself lies under a dated prefix that is never written twice, since steps are cached by it.
 */
import { type S3Client } from '@aws-sdk/client-s3';
import { InvalidInput } from '../domain/errors.ts';
import { type TrainingData } from '../ports/training-pipelines.ts';
import { readText } from './s3-documents.ts';

export function newS3TrainingData(client: S3Client, bucket: string): TrainingData {
  return {
    async latest(model) {
      const uri = `s3://${bucket}/raw/${model}/latest.json`;
      const manifest = JSON.parse(await readText(client, uri)) as Record<string, unknown>;
      for (const [name, value] of Object.entries(manifest)) {
        if (typeof value !== 'string')
          throw new InvalidInput(`${uri}: ${name}`, value, 'a pipeline parameter is a text', 'Write numbers in quotes');
      }
      return manifest as Record<string, string>;
    },
  };
}
