/**
 * The one entry of the laptop cloud: an AWS-protocol request in, a response out. The SDK's requestHandler and the loopback
 * port are two doors to it.
 */
import { AwsError, UnsupportedFeature } from '../kernel/errors.ts';
import { type Principal, type Service } from '../kernel/service.ts';
import { parseS3Request, serializeS3Error, serializeS3Response } from '../s3/wire.ts';
import { cborCodec } from './cbor.ts';
import { type Codec, type DecodedCall } from './codec.ts';
import { jsonCodec } from './json.ts';
import { queryCodec, signingName } from './query.ts';
import { newRestJsonCodec, unknownOperation } from './rest-json.ts';
import { type WireRequest, type WireResponse } from './wire.ts';

export interface GatewayDependencies {
  readonly services: () => Iterable<Service>;
  /** Who signs with this access key id. */
  readonly principalOf: (accessKeyId: string | undefined) => Principal;
  readonly nextRequestId: () => string;
  /** Performs the call: IAM, faults, counting, tracing. */
  readonly perform: (call: DecodedCall & { principal: Principal; requestId: string }) => Promise<object>;
}

export type Gateway = (request: WireRequest) => Promise<WireResponse>;

const s3Codec: Codec = {
  decode: (request) => ({ service: 's3', ...parseS3Request(request) }),
  encode: (call, output, _requestId, request) => serializeS3Response(call.operation, output, request),
  encodeError: (_service, error, requestId, request) => serializeS3Error(error, requestId, request.method),
};

/** The access key id of a SigV4 request, from the header or a pre-signed query. */
export function accessKeyIdOf(request: WireRequest): string | undefined {
  const credential =
    request.query['X-Amz-Credential'] ?? request.headers['authorization']?.match(/Credential=([^,\s]+)/)?.[1];
  return credential?.split('/')[0];
}

/** Errors that are not AWS's are defects of the laptop cloud: answered as 500 with their text, so that they are seen. */
function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return new AwsError('InternalFailure', `the laptop cloud failed: ${detail}`, { statusCode: 500 });
}

export function newGateway(dependencies: GatewayDependencies): Gateway {
  const restCodec = newRestJsonCodec(dependencies.services);
  const codecOf = (request: WireRequest): Codec => {
    if (request.headers['x-amz-target'] !== undefined) return jsonCodec;
    if (request.headers['smithy-protocol'] === 'rpc-v2-cbor') return cborCodec;
    if (request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return queryCodec;
    const name = signingName(request.headers['authorization']);
    return name === 's3' || name === undefined ? s3Codec : restCodec;
  };

  return async (request) => {
    const requestId = dependencies.nextRequestId();
    const codec = codecOf(request);
    let service = signingName(request.headers['authorization']) ?? 's3';
    try {
      const call = codec.decode(request);
      if (!call) throw unknownOperation(request);
      service = call.service;
      const principal = dependencies.principalOf(accessKeyIdOf(request));
      const output = await dependencies.perform({ ...call, principal, requestId });
      return codec.encode(call, output, requestId, request);
    } catch (error) {
      return codec.encodeError(service, asAwsError(error), requestId, request);
    }
  };
}

/** The refusal of an operation that the laptop cloud does not have. */
export function unknownServiceOperation(service: string, operation: string): UnsupportedFeature {
  return new UnsupportedFeature(`${service}:${operation}`);
}
