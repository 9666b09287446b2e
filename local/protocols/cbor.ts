/** Smithy RPC v2 CBOR: the protocol of CloudWatch's newer SDKs. */
import { cbor, tag } from '@smithy/core/cbor';
import { type WireInput } from '../kernel/service.ts';
import { isDate, type Codec } from './codec.ts';
import { queryErrorCode } from './json.ts';

const SERVICE_OF_SHAPE: Readonly<Record<string, string>> = { GraniteServiceVersion20100801: 'monitoring' };
const PATH = /^\/service\/([^/]+)\/operation\/([^/]+)$/;
const EPOCH_SECONDS_TAG = 1;

interface Tagged {
  tag: number;
  value: unknown;
}

function isTagged(value: object): value is Tagged {
  return 'tag' in value && 'value' in value && Object.keys(value).length === 2;
}

/** Decoded CBOR as plain members: tagged timestamps become dates. */
function fromCbor(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromCbor);
  if (value instanceof Uint8Array || value === null || typeof value !== 'object') return value;
  if (isTagged(value) && value.tag === EPOCH_SECONDS_TAG) return new Date(Number(value.value) * 1000);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromCbor(item)]));
}

function toCbor(value: unknown): unknown {
  if (isDate(value)) return tag({ tag: EPOCH_SECONDS_TAG, value: value.getTime() / 1000 });
  if (Array.isArray(value)) return value.map(toCbor);
  if (value instanceof Uint8Array || value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(members.map(([key, item]) => [key, toCbor(item)]));
}

const headers = (requestId: string): Record<string, string> => ({
  'content-type': 'application/cbor',
  'smithy-protocol': 'rpc-v2-cbor',
  'x-amzn-requestid': requestId,
});

export const cborCodec: Codec = {
  decode(request) {
    const match = PATH.exec(request.path);
    if (request.headers['smithy-protocol'] !== 'rpc-v2-cbor' || !match) return undefined;
    const shape = match[1] ?? '';
    const input = request.body.length === 0 ? {} : (fromCbor(cbor.deserialize(request.body)) as WireInput);
    return { service: SERVICE_OF_SHAPE[shape] ?? shape, operation: match[2] ?? '', input };
  },
  encode(_call, output, requestId) {
    return { statusCode: 200, headers: headers(requestId), body: cbor.serialize(toCbor(output)) };
  },
  encodeError(service, error, requestId) {
    const body = cbor.serialize(toCbor({ __type: error.code, message: error.message, ...error.fields }));
    const queryCode = queryErrorCode(service, error.code);
    const named = queryCode === undefined ? {} : { 'x-amzn-query-error': `${queryCode};Sender` };
    return { statusCode: error.statusCode, headers: { ...headers(requestId), ...named }, body };
  },
};
