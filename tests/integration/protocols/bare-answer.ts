/** Reads an answer without an SDK, in whichever protocol it is: for services that the project has no client of. */
import { cbor } from '@smithy/core/cbor';
import { type WireResponse } from '../../../local/protocols/wire.ts';
import { parseXml, type XmlElement } from '../../../local/s3/xml.ts';

/** Lists (`member`) and maps (`entry`) of the query protocol as arrays and objects; leaves are texts. */
function fromXml(element: XmlElement): unknown {
  const { children } = element;
  if (children.length === 0) return element.text;
  if (children.every(({ name }) => name === 'member')) return children.map(fromXml);
  const textOf = (entry: XmlElement, name: string): XmlElement | undefined =>
    entry.children.find((one) => one.name === name);
  if (children.every(({ name }) => name === 'entry')) {
    return Object.fromEntries(
      children.map((entry) => [textOf(entry, 'key')?.text ?? '', fromXml(textOf(entry, 'value') ?? entry)]),
    );
  }
  return Object.fromEntries(children.map((child) => [child.name, fromXml(child)]));
}

function plainCbor(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plainCbor);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  const { tag, value: tagged } = value as { tag?: unknown; value?: unknown };
  if (tag === 1) return new Date(Number(tagged) * 1000);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainCbor(item)]));
}

function parse(response: WireResponse): unknown {
  const type = response.headers['content-type'] ?? '';
  if (type === 'application/cbor') return plainCbor(cbor.deserialize(response.body));
  const text = Buffer.from(response.body).toString('utf8');
  if (!type.includes('xml')) return text === '' ? {} : (JSON.parse(text) as unknown);
  const document = parseXml(text);
  const result = document.children.find(({ name }) => name.endsWith('Result') || name === 'Error');
  return result ? fromXml(result) : {};
}

export interface BareError {
  readonly name: string;
  readonly status: number;
  readonly text: string;
}

/** The members of an answer, or the error that it is. */
export function readBare(response: WireResponse): { readonly output: unknown } | { readonly error: BareError } {
  const content = parse(response) as Record<string, string | undefined>;
  if (response.statusCode < 300) return { output: content };
  // Clients take the query protocol's code before the error's type, where there is one.
  const queryCode = response.headers['x-amzn-query-error']?.split(';')[0];
  const name = queryCode ?? content['__type'] ?? content['Code'] ?? response.headers['x-amzn-errortype'] ?? '';
  return { error: { name, status: response.statusCode, text: content['message'] ?? content['Message'] ?? '' } };
}
