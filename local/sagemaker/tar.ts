/** Reads a tar archive (ustar with pax paths and GNU long names): as much as a model.tar.gz has. */
import { UnsupportedFeature } from '../kernel/errors.ts';

export interface TarFile {
  /** Relative path without `./`. */
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;

function field(block: Uint8Array, from: number, length: number): string {
  const slice = Buffer.from(block.subarray(from, from + length));
  const end = slice.indexOf(0);
  return slice.subarray(0, end === -1 ? length : end).toString('utf8');
}

function paxPath(content: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(Buffer.from(content).toString('utf8'))?.[1];
}

/** @throws UnsupportedFeature for links and devices, and for paths that leave the directory */
export function untar(archive: Uint8Array): TarFile[] {
  const files: TarFile[] = [];
  let longPath: string | undefined;
  for (let at = 0; at + BLOCK <= archive.length;) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.every((byte) => byte === 0)) break;
    const size = parseInt(field(header, 124, 12).trim() || '0', 8);
    const type = String.fromCharCode(header[156] ?? 0);
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    if (type === 'x') longPath = paxPath(content) ?? longPath;
    else if (type === 'L') longPath = field(content, 0, content.length);
    else if (type === '0' || type === '\0') {
      const prefix = field(header, 257, 5) === 'ustar' ? field(header, 345, 155) : '';
      const path = longPath ?? (prefix === '' ? field(header, 0, 100) : `${prefix}/${field(header, 0, 100)}`);
      longPath = undefined;
      const relative = path.replace(/^(\.\/)+/, '');
      if (relative.startsWith('/') || relative.split('/').includes('..')) {
        throw new UnsupportedFeature(`tar entry '${path}' that leaves the model's directory`);
      }
      files.push({ path: relative, content });
    } else if (type !== '5' && type !== 'g') {
      throw new UnsupportedFeature(`tar entry of type '${type}'`, 'pack the model artifact from plain files');
    }
  }
  return files;
}
