/** REST JSON (Lambda, EventBridge Scheduler, SageMaker's runtime): routes declared by each service. */
import { AwsError } from '../kernel/errors.ts';
import { type RestRoute, type Service, type WireInput } from '../kernel/service.ts';
import { isDate, utf8, type Codec, type DecodedCall } from './codec.ts';
import { parseJsonBody, toWireJson } from './json.ts';
import { signingName } from './query.ts';
import { type WireRequest } from './wire.ts';

interface CompiledRoute extends RestRoute {
  readonly pattern: RegExp;
  readonly labels: readonly string[];
}

function compile(route: RestRoute): CompiledRoute {
  const labels: string[] = [];
  const source = route.path.replace(/\{(\w+)(\+?)\}/g, (_all, label: string, greedy: string) => {
    labels.push(label);
    return greedy ? '(.+)' : '([^/]+)';
  });
  return { ...route, labels, pattern: new RegExp(`^${source}/?$`) };
}

function queryMatches(route: RestRoute, request: WireRequest): boolean {
  return Object.entries(route.query ?? {}).every(([name, wanted]) =>
    wanted === true ? name in request.query : request.query[name] === wanted,
  );
}

function membersOf(route: CompiledRoute, match: RegExpExecArray, request: WireRequest): WireInput {
  const input: WireInput = route.payload ? { [route.payload]: request.body } : parseJsonBody(request.body);
  route.labels.forEach((label, index) => (input[label] = decodeURIComponent(match[index + 1] ?? '')));
  for (const [name, member] of Object.entries(route.queryMembers ?? {})) {
    if (request.query[name] !== undefined) input[member] = request.query[name];
  }
  for (const [header, member] of Object.entries(route.headerMembers ?? {})) {
    if (request.headers[header] !== undefined) input[member] = request.headers[header];
  }
  return input;
}

/** Header members are scalars: text, numbers, booleans. */
function scalarText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A codec over the routes of the given services. */
export function newRestJsonCodec(services: () => Iterable<Service>): Codec {
  const compiled = new Map<string, CompiledRoute[]>();
  const routesOf = (id: string): CompiledRoute[] => {
    let routes = compiled.get(id);
    if (!routes) {
      const service = [...services()].find((candidate) => candidate.id === id);
      routes = (service?.routes ?? []).map(compile);
      compiled.set(id, routes);
    }
    return routes;
  };
  const routeOf = (call: DecodedCall): CompiledRoute | undefined =>
    routesOf(call.service).find((route) => route.operation === call.operation);

  return {
    decode(request) {
      const service = signingName(request.headers['authorization']);
      if (service === undefined) return undefined;
      for (const route of routesOf(service)) {
        const match = route.method === request.method ? route.pattern.exec(request.path) : null;
        if (!match || !queryMatches(route, request)) continue;
        return { service, operation: route.operation, input: membersOf(route, match, request) };
      }
      return undefined;
    },
    encode(call, output, requestId) {
      const route = routeOf(call);
      const members: Record<string, unknown> = { ...output };
      const headers: Record<string, string> = { 'x-amzn-requestid': requestId };
      for (const [member, header] of Object.entries(route?.responseHeaders ?? {})) {
        const value = members[member];
        delete members[member];
        if (value !== undefined) headers[header] = isDate(value) ? value.toISOString() : scalarText(value);
      }
      // Some operations choose their status (Invoke answers 200, 202 or 204) by a member that is not in the body.
      const status =
        typeof members['StatusCode'] === 'number' && route?.responsePayload ? members['StatusCode'] : undefined;
      if (route?.responsePayload) {
        const payload = members[route.responsePayload];
        const body = payload instanceof Uint8Array ? payload : utf8(typeof payload === 'string' ? payload : '');
        headers['content-type'] ??= 'application/json';
        return { statusCode: status ?? route.status ?? 200, headers, body };
      }
      if (route?.status === 204) return { statusCode: 204, headers, body: new Uint8Array() };
      headers['content-type'] = 'application/json';
      return { statusCode: route?.status ?? 200, headers, body: utf8(toWireJson(members)) };
    },
    encodeError(_service, error, requestId) {
      const headers = {
        'content-type': 'application/json',
        'x-amzn-requestid': requestId,
        'x-amzn-errortype': error.code,
      };
      const body = utf8(toWireJson({ message: error.message, ...error.fields }));
      return { statusCode: error.statusCode, headers, body };
    },
  };
}

/** The answer to a request that no protocol and no route recognises. */
export function unknownOperation(request: WireRequest): AwsError {
  return new AwsError('UnknownOperationException', `no operation for ${request.method} ${request.path}`, {
    statusCode: 404,
  });
}
