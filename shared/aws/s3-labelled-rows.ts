/**
 * Joins labels with captured requests by inference id. Labels are JSON Lines `{ inferenceId, truth }` below
 * `labels/<model>/dt=<day>/`; captures are SageMaker's data capture files below `capture/<model>/<endpoint>/<variant>/`.
 */
import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { type LabelledRow, type LabelledRows } from '../ports/documents.ts';
import { readText } from './s3-documents.ts';

const MS_PER_DAY = 86_400_000;
/** Put a limit on everything: an endpoint that captures a lot has enough labelled rows in its newest files. */
const FILES_MAX = 400;

interface CaptureLine {
  readonly captureData?: { readonly endpointInput?: { readonly data?: string; readonly encoding?: string } };
  readonly eventMetadata?: { readonly inferenceId?: string };
}

async function listKeys(client: S3Client, bucket: string, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ...(ContinuationToken ? { ContinuationToken } : {}) }),
    );
    for (const object of page.Contents ?? []) if (object.Key) keys.push(object.Key);
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  return keys;
}

function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as T);
}

function requestOf(line: CaptureLine): string | undefined {
  const input = line.captureData?.endpointInput;
  if (!input?.data) return undefined;
  return input.encoding === 'BASE64' ? Buffer.from(input.data, 'base64').toString('utf8') : input.data;
}

export function newS3LabelledRows(client: S3Client, bucket: string): LabelledRows {
  const readLabels = async (model: string, fromMs: number, untilMs: number): Promise<Map<string, number>> => {
    const labels = new Map<string, number>();
    const oldest = new Date(fromMs).toISOString().slice(0, 10);
    const newest = new Date(untilMs + MS_PER_DAY).toISOString().slice(0, 10);
    const dayOf = (key: string): string => /dt=(\d{4}-\d\d-\d\d)/.exec(key)?.[1] ?? '';
    const keys = (await listKeys(client, bucket, `labels/${model}/`)).filter(
      (key) => dayOf(key) >= oldest && dayOf(key) <= newest,
    );
    for (const key of keys.sort().reverse().slice(0, FILES_MAX)) {
      for (const label of jsonLines<{ inferenceId?: string; truth?: number }>(
        await readText(client, `s3://${bucket}/${key}`),
      )) {
        if (label.inferenceId && typeof label.truth === 'number' && Number.isFinite(label.truth))
          labels.set(label.inferenceId, label.truth);
      }
    }
    return labels;
  };

  return {
    async recent({ model, endpoint, fromMs, untilMs, limit }) {
      const labels = await readLabels(model, fromMs, untilMs);
      const rows = new Map<string, LabelledRow>();
      if (labels.size === 0) return [];
      const keys = (await listKeys(client, bucket, `capture/${model}/${endpoint}/`)).sort(newestFirst);
      for (const key of keys.slice(0, FILES_MAX)) {
        for (const line of jsonLines<CaptureLine>(await readText(client, `s3://${bucket}/${key}`))) {
          const inferenceId = line.eventMetadata?.inferenceId;
          const truth = inferenceId === undefined ? undefined : labels.get(inferenceId);
          const request = requestOf(line);
          // Equal requests are one row: repeating a row is no new evidence.
          if (inferenceId === undefined || truth === undefined || request === undefined || rows.has(request)) continue;
          rows.set(request, { inferenceId, request, truth });
          if (rows.size >= limit) return [...rows.values()];
        }
      }
      return [...rows.values()];
    },
  };
}

/** Capture keys end in `yyyy/mm/dd/hh/<file>`; the variant before it must not decide the order. */
function newestFirst(a: string, b: string): number {
  const time = (key: string): string => /\d{4}\/\d\d\/\d\d\/\d\d\/.*$/.exec(key)?.[0] ?? key;
  return time(b).localeCompare(time(a)) || a.localeCompare(b);
}
