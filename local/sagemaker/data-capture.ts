/** Data capture of endpoints: sampled requests and answers as JSON Lines files in S3, in SageMaker's format and layout. */
import { AwsError } from '../kernel/errors.ts';
import { type SageMakerContext } from './context.ts';
import { type CaptureConfig } from './endpoint-configs.ts';
import { endpointLogGroup } from './fleet.ts';
import { joinS3, parseS3Uri, putObject } from './storage.ts';

/** Captured lines are written at the latest this long after the first of them. Assumed; AWS documents no figure. */
const FLUSH_AFTER_MS = 300_000;
const HOUR_MS = 3_600_000;

/** One side of an invocation. */
export interface CapturedData {
  readonly contentType: string;
  readonly data: Uint8Array;
}

export interface CapturedInvocation {
  readonly endpointName: string;
  readonly variantName: string;
  readonly input: CapturedData;
  readonly output: CapturedData;
  readonly inferenceId: string | undefined;
}

export interface DataCapture {
  /** Draws whether this invocation is captured, and keeps it until the next flush. */
  offer(config: CaptureConfig | undefined, invocation: CapturedInvocation): void;
}

interface Pending {
  readonly config: CaptureConfig;
  readonly endpointName: string;
  readonly variantName: string;
  readonly firstMs: number;
  readonly lines: string[];
}

function side(config: CaptureConfig, captured: CapturedData, mode: 'INPUT' | 'OUTPUT'): object {
  const header = config.CaptureContentTypeHeader;
  // Without a listed content type SageMaker encodes in base64.
  const encoding = header?.CsvContentTypes?.includes(captured.contentType)
    ? 'CSV'
    : header?.JsonContentTypes?.includes(captured.contentType)
      ? 'JSON'
      : 'BASE64';
  const data = Buffer.from(captured.data).toString(encoding === 'BASE64' ? 'base64' : 'utf8');
  return { observedContentType: captured.contentType, mode, data, encoding };
}

function wants(config: CaptureConfig, mode: 'Input' | 'Output'): boolean {
  return config.CaptureOptions.some((option) => option.CaptureMode === mode || option.CaptureMode === 'InputAndOutput');
}

/** `<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/mm-ss-sss-<uuid>.jsonl` */
function captureKey(prefix: string, pending: Pending, uuid: string): string {
  const iso = new Date(pending.firstMs).toISOString();
  const hour = iso.slice(0, 13).replace(/[-T]/g, '/');
  const file = `${iso.slice(14, 19).replace(':', '-')}-${iso.slice(20, 23)}-${uuid}.jsonl`;
  const path = `${pending.endpointName}/${pending.variantName}/${hour}/${file}`;
  return prefix === '' ? path : joinS3(prefix, path);
}

export function newDataCapture(context: SageMakerContext): DataCapture {
  const open = new Map<string, Pending>();
  const principal = { kind: 'service', name: 'sagemaker.amazonaws.com' } as const;

  const flush = async (key: string, pending: Pending): Promise<void> => {
    open.delete(key);
    const { bucket, key: prefix } = parseS3Uri(pending.config.DestinationS3Uri);
    const uuid = context.random('data-capture/files').uuid();
    const body = Buffer.from(`${pending.lines.join('\n')}\n`);
    try {
      await putObject(context, { bucket, key: captureKey(prefix, pending, uuid) }, body, principal);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // As on AWS, a destination that can't be written costs the capture, never the inference.
      const message = `data capture to ${pending.config.DestinationS3Uri} failed: ${error.code}: ${error.message}`;
      context.cloud.writeLog(endpointLogGroup(pending.endpointName), `${pending.variantName}/data-capture`, message);
    }
  };

  const bufferOf = (config: CaptureConfig, invocation: CapturedInvocation): Pending => {
    const nowMs = context.nowMs();
    const hour = Math.floor(nowMs / HOUR_MS);
    const key = `${invocation.endpointName}\n${invocation.variantName}\n${config.DestinationS3Uri}\n${hour}`;
    const found = open.get(key);
    if (found) return found;
    const { endpointName, variantName } = invocation;
    const pending: Pending = { config, endpointName, variantName, firstMs: nowMs, lines: [] };
    open.set(key, pending);
    context.cloud.kernel.clock.after(FLUSH_AFTER_MS, `data capture ${endpointName}/${variantName}`, () =>
      context.cloud.kernel.spawn('data capture', () => flush(key, pending)),
    );
    return pending;
  };

  return {
    offer(config, invocation) {
      if (config?.EnableCapture !== true) return;
      const random = context.random(`data-capture/${invocation.endpointName}`);
      if (!random.chance(config.InitialSamplingPercentage / 100)) return;
      const captureData = {
        ...(wants(config, 'Input') ? { endpointInput: side(config, invocation.input, 'INPUT') } : {}),
        ...(wants(config, 'Output') ? { endpointOutput: side(config, invocation.output, 'OUTPUT') } : {}),
      };
      const eventMetadata = {
        eventId: random.uuid(),
        ...(invocation.inferenceId === undefined ? {} : { inferenceId: invocation.inferenceId }),
        inferenceTime: new Date(context.nowMs()).toISOString().replace(/\.\d{3}Z$/, 'Z'),
      };
      bufferOf(config, invocation).lines.push(JSON.stringify({ captureData, eventMetadata, eventVersion: '0' }));
    },
  };
}
