/** The little XML that S3 speaks: elements and text; attributes and namespaces are read over. */
import { s3Error } from './model.ts';

export interface XmlElement {
  readonly name: string;
  readonly children: XmlElement[];
  text: string;
}

const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]+)|#(\d+)|(\w+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return ENTITIES[name ?? ''] ?? whole;
    },
  );
}

function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\r', '&#13;')
    .replaceAll('\n', '&#10;');
}

function malformed(): Error {
  return s3Error(
    400,
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
  );
}

/**
 * The root element of a document.
 * @throws AwsError MalformedXML
 */
export function parseXml(text: string): XmlElement {
  const token = /<\?[^>]*\?>|<!--[\s\S]*?-->|<(\/?)([A-Za-z_][\w.:-]*)[^>]*?(\/?)>|([^<]+)/g;
  const root: XmlElement = { name: '', children: [], text: '' };
  const path = [root];
  let end = 0;
  for (const match of text.matchAll(token)) {
    if (match.index !== end) throw malformed();
    end = match.index + match[0].length;
    const current = path.at(-1)!;
    const [, closing, name, selfClosing, content] = match;
    if (content !== undefined) current.text += unescapeXml(content);
    else if (name === undefined) continue;
    else if (closing) {
      if (current.name !== localName(name) || path.length < 2) throw malformed();
      path.pop();
    } else {
      const element: XmlElement = { name: localName(name), children: [], text: '' };
      current.children.push(element);
      if (!selfClosing) path.push(element);
    }
  }
  const [document] = root.children;
  if (end !== text.length || path.length !== 1 || !document || root.children.length !== 1) throw malformed();
  return document;
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

/** Writes members as elements: undefined is left out, a list repeats its element, a Date is ISO 8601. */
export function writeXml(name: string, value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return value.map((item) => writeXml(name, item)).join('');
  if (Object.prototype.toString.call(value) === '[object Date]')
    return `<${name}>${(value as Date).toISOString()}</${name}>`;
  if (typeof value === 'object') {
    const content = Object.entries(value).map(([member, item]) => writeXml(member, item));
    return `<${name}>${content.join('')}</${name}>`;
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `<${name}>${escapeXml(text)}</${name}>`;
}

/** A whole document with S3's namespace. */
export function xmlDocument(name: string, value: unknown): string {
  const namespaced = writeXml(name, value).replace(
    `<${name}>`,
    `<${name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${namespaced}`;
}
