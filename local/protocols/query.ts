/** The AWS query protocol (SNS, STS, IAM, CloudFormation): a form in, XML out. */
import { type WireInput } from '../kernel/service.ts';
import { isDate, utf8, type Codec } from './codec.ts';
import { queryCodeOf } from './json.ts';

/** Output members that are maps, not structures: they are written as entries. */
const MAP_MEMBERS: ReadonlySet<string> = new Set(['Attributes', 'MessageAttributes']);

/** Service of a request without x-amz-target: the credential scope names it. */
export function signingName(authorization: string | undefined): string | undefined {
  return /Credential=[^/]+\/\d{8}\/[^/]+\/([^/]+)\/aws4_request/.exec(authorization ?? '')?.[1];
}

interface Node {
  value?: string;
  readonly children: Map<string, Node>;
}

// An empty list travels as `Name=`, as an empty text does: only the name tells them apart.
const LIST_MEMBERS: ReadonlySet<string> = new Set(
  (
    'ActionNames AlarmActions AlarmNames AlarmTypes ContextEntries Counts DashboardNames Dimensions ExtendedStatistics ' +
    'InsufficientDataActions MetricData MetricDataQueries Metrics OKActions PolicyArns PolicyInputList ' +
    'PublishBatchRequestEntries ResourceArns StackStatusFilter Statistics TagKeys Tags Values'
  ).split(' '),
);

/** `A.member.1.B=x` as nested lists, maps and structures. */
function toMembers(node: Node, name = ''): unknown {
  if (node.children.size === 0) return LIST_MEMBERS.has(name) ? [] : (node.value ?? '');
  const list = node.children.get('member');
  if (list && node.children.size === 1) return byIndex(list).map((item) => toMembers(item));
  const entries = node.children.get('entry');
  if (entries && node.children.size === 1) {
    return Object.fromEntries(
      byIndex(entries).map((entry) => {
        const key = entry.children.get('key') ?? entry.children.get('Name') ?? entry.children.get('Key');
        const value = entry.children.get('value') ?? entry.children.get('Value');
        return [key?.value ?? '', value ? toMembers(value) : ''];
      }),
    );
  }
  return Object.fromEntries([...node.children].map(([key, child]) => [key, toMembers(child, key)]));
}

function byIndex(list: Node): Node[] {
  return [...list.children].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);
}

function parseForm(body: Uint8Array): WireInput {
  const root: Node = { children: new Map() };
  for (const [name, value] of new URLSearchParams(Buffer.from(body).toString('utf8'))) {
    let node = root;
    for (const part of name.split('.')) {
      let child = node.children.get(part);
      if (!child) node.children.set(part, (child = { children: new Map() }));
      node = child;
    }
    node.value = value;
  }
  return toMembers(root) as WireInput;
}

/** Text made safe for XML content. A bare carriage return would reach the reader as a line feed. */
export function escapeXml(value: string): string {
  return value
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#xD;');
}

function scalar(value: unknown): string {
  if (isDate(value)) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return escapeXml(String(value));
}

function toXml(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return `<${name}>${value.map((item) => toXml('member', item)).join('')}</${name}>`;
  if (typeof value !== 'object' || isDate(value) || value instanceof Uint8Array)
    return `<${name}>${scalar(value)}</${name}>`;
  const members = Object.entries(value);
  if (MAP_MEMBERS.has(name)) {
    const entries = members.map(([key, item]) => `<entry><key>${escapeXml(key)}</key>${toXml('value', item)}</entry>`);
    return `<${name}>${entries.join('')}</${name}>`;
  }
  return `<${name}>${members.map(([key, item]) => toXml(key, item)).join('')}</${name}>`;
}

const xmlHeaders = (requestId: string): Record<string, string> => ({
  'content-type': 'text/xml',
  'x-amzn-requestid': requestId,
});

export const queryCodec: Codec = {
  decode(request) {
    if (!request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')) return undefined;
    const { Action: operation, Version: _version, ...input } = parseForm(request.body);
    if (typeof operation !== 'string') return undefined;
    return { service: signingName(request.headers['authorization']) ?? 'sts', operation, input };
  },
  encode(call, output, requestId) {
    const result = toXml(`${call.operation}Result`, output);
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const body = `<${call.operation}Response>${result}${metadata}</${call.operation}Response>`;
    return { statusCode: 200, headers: xmlHeaders(requestId), body: utf8(body) };
  },
  encodeError(_service, error, requestId) {
    const fields = `<Type>Sender</Type><Code>${escapeXml(queryCodeOf(error.code))}</Code><Message>${escapeXml(error.message)}</Message>`;
    const body = `<ErrorResponse><Error>${fields}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return { statusCode: error.statusCode, headers: xmlHeaders(requestId), body: utf8(body) };
  },
};
