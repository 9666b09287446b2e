/** Intrinsic functions (`States.Format(...)`) of the JSONPath query language: parser and evaluation. */
import { createHash } from 'node:crypto';
import { type Random, newRandom } from '../../kernel/random.ts';
import { StateError } from '../errors.ts';
import { type Json, isJsonObject } from '../json.ts';
import { type Path, parsePath } from './paths.ts';

export type IntrinsicNode =
  | { readonly kind: 'literal'; readonly value: Json }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly IntrinsicNode[] };

/** @returns undefined when the text is no well-formed call of a known function */
export function parseIntrinsic(text: string): IntrinsicNode | undefined {
  const parser = new Parser(text.trim());
  const node = parser.call();
  return node && parser.atEnd ? node : undefined;
}

class Parser {
  #rest: string;

  constructor(text: string) {
    this.#rest = text;
  }

  get atEnd(): boolean {
    return this.#rest === '';
  }

  call(): IntrinsicNode | undefined {
    const head = this.#take(/^States\.(\w+)\(\s*/);
    const name = head?.[1];
    if (name === undefined || !(name in FUNCTIONS)) return undefined;
    const args: IntrinsicNode[] = [];
    if (this.#take(/^\)\s*/)) return { kind: 'call', name, args };
    for (;;) {
      const arg = this.#argument();
      if (!arg) return undefined;
      args.push(arg);
      if (this.#take(/^\s*\)\s*/)) return { kind: 'call', name, args };
      if (!this.#take(/^\s*,\s*/)) return undefined;
    }
  }

  #argument(): IntrinsicNode | undefined {
    const string = this.#take(/^'((?:[^'\\]|\\.)*)'/s);
    if (string) return { kind: 'literal', value: unescape(string[1]!) };
    const number = this.#take(/^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/);
    if (number) return { kind: 'literal', value: Number(number[0]) };
    const word = this.#take(/^(?:true|false|null)\b/);
    if (word) return { kind: 'literal', value: JSON.parse(word[0]) as Json };
    if (this.#rest.startsWith('States.')) return this.call();
    const text = this.#take(/^\$(?:\[(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\]'"]*)\]|[^,()[\]\s'"])*/);
    const path = text ? parsePath(text[0]) : undefined;
    return path && { kind: 'path', path };
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.#rest);
    if (!match) return undefined;
    this.#rest = this.#rest.slice(match[0].length);
    return match;
  }
}

/** In a Format string `\{` stays escaped until the braces are filled. */
function unescape(text: string): string {
  return text.replace(/\\([^{}])/gs, '$1');
}

/** Evaluates a call. @throws StateError States.IntrinsicFailure */
export function evaluateIntrinsic(node: IntrinsicNode, read: (path: Path) => Json, random: Random): Json {
  switch (node.kind) {
    case 'literal':
      return typeof node.value === 'string' ? node.value.replace(/\\([{}])/g, '$1') : node.value;
    case 'path':
      return read(node.path);
    case 'call': {
      const args = node.args.map((arg, i) =>
        // Format needs its template with the escapes.
        node.name === 'Format' && i === 0 && arg.kind === 'literal' ? arg.value : evaluateIntrinsic(arg, read, random),
      );
      return FUNCTIONS[node.name]!(args, random);
    }
  }
}

function failure(message: string): StateError {
  return new StateError('States.IntrinsicFailure', message);
}

function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw failure(`expected a string but got ${JSON.stringify(value)}`);
  return value;
}

function number(value: Json | undefined): number {
  if (typeof value !== 'number') throw failure(`expected a number but got ${JSON.stringify(value)}`);
  return value;
}

function array(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw failure(`expected an array but got ${JSON.stringify(value)}`);
  return value;
}

const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

const HASHES: Readonly<Record<string, string>> = {
  MD5: 'md5',
  'SHA-1': 'sha1',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

type Intrinsic = (args: readonly Json[], random: Random) => Json;

const FUNCTIONS: Readonly<Record<string, Intrinsic>> = {
  Format: ([template, ...values]) => format(text(template), values),
  StringToJson: ([value]) => {
    try {
      return JSON.parse(text(value)) as Json;
    } catch {
      throw failure(`States.StringToJson: not JSON: ${text(value).slice(0, 200)}`);
    }
  },
  JsonToString: ([value]) => JSON.stringify(value),
  Array: (args) => [...args],
  ArrayPartition: ([items, size]) => {
    const length = Math.round(number(size));
    if (length < 1) throw failure('States.ArrayPartition: the chunk size must be positive');
    const list = array(items);
    return Array.from({ length: Math.ceil(list.length / length) }, (_, i) => list.slice(i * length, (i + 1) * length));
  },
  ArrayContains: ([items, value]) => array(items).some((item) => same(item, value!)),
  ArrayRange: ([from, to, step]) => range(number(from), number(to), number(step)),
  ArrayGetItem: ([items, index]) => {
    const item = array(items)[number(index)];
    if (item === undefined) throw failure(`States.ArrayGetItem: there is no item ${JSON.stringify(index)}`);
    return item;
  },
  ArrayLength: ([items]) => array(items).length,
  ArrayUnique: ([items]) => {
    const list = array(items);
    return list.filter((item, i) => list.findIndex((other) => same(other, item)) === i);
  },
  Base64Encode: ([value]) => Buffer.from(text(value)).toString('base64'),
  Base64Decode: ([value]) => Buffer.from(text(value), 'base64').toString('utf8'),
  Hash: ([value, algorithm]) => {
    const name = HASHES[text(algorithm)];
    if (name === undefined) throw failure(`States.Hash: unknown algorithm ${text(algorithm)}`);
    return createHash(name)
      .update(typeof value === 'string' ? value : JSON.stringify(value))
      .digest('hex');
  },
  JsonMerge: ([first, second, deep]) => {
    if (deep !== false || !isJsonObject(first) || !isJsonObject(second)) {
      throw failure('States.JsonMerge: takes two objects and false (only shallow merging exists)');
    }
    return { ...first, ...second };
  },
  MathRandom: ([from, to, seed], random) => {
    const draw = seed === undefined ? random.next() : newRandom(Math.trunc(number(seed)), 'states-math-random').next();
    return number(from) + Math.floor(draw * (number(to) - number(from)));
  },
  MathAdd: ([a, b]) => Math.round(number(a)) + Math.round(number(b)),
  StringSplit: ([value, separators]) => {
    const set = new Set(text(separators));
    const parts: string[] = [''];
    for (const character of text(value)) {
      if (set.has(character)) parts.push('');
      else parts[parts.length - 1] += character;
    }
    return parts.filter((part) => part !== '');
  },
  UUID: (_args, random) => random.uuid(),
};

function range(from: number, to: number, step: number): number[] {
  if (step === 0) throw failure('States.ArrayRange: the step must not be 0');
  const numbers: number[] = [];
  for (let value = from; step > 0 ? value <= to : value >= to; value += step) {
    if (numbers.push(value) > 1000) throw failure('States.ArrayRange: more than 1000 numbers');
  }
  return numbers;
}

function format(template: string, values: readonly Json[]): string {
  let next = 0;
  const filled = template.replace(/\\([{}])|\{\}/g, (_match, escaped: string | undefined) => {
    if (escaped !== undefined) return escaped;
    const value = values[next++];
    if (value === undefined) throw failure(`States.Format: too few values for ${template}`);
    return typeof value === 'string' ? value : JSON.stringify(value);
  });
  if (next !== values.length) throw failure(`States.Format: ${values.length} values for ${next} places in ${template}`);
  return filled;
}
