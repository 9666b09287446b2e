/** What the house rules look at: files, and what a source file reaches for beside its imports. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export const ROOT = path.resolve(import.meta.dirname, '../..');

const NOT_OURS = new Set(['node_modules', '.git', '.serverless', '.switchyard', '.esbuild', 'coverage', 'fixture']);

/** All files below a folder, as paths from the project's root with `/`. */
export function filesBelow(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const file = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : filesBelow(file);
    return [file];
  });
}

export function textOf(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}

const SAYS_NOTHING = /^(utils?|helpers?|common|misc|miscellaneous|lib|stuff|shared-code)$/i;

/** Parts of a path that tell nothing about what is in them. */
export function emptyNames(file: string): string[] {
  return file.split('/').filter((part) => SAYS_NOTHING.test(part.replace(/\..*$/, '')));
}

/** Time, chance and environment that a text reaches for by itself: `Date.now`, `new Date()`, `process.env`, ... */
export function ambientUses(fileName: string, text: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const use = ambientUse(node);
    if (use !== undefined) found.push(use);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(fileName, text, ts.ScriptTarget.Latest, true));
  return found;
}

const AMBIENT_MEMBERS = new Set(['Date.now', 'Math.random', 'process.env', 'performance.now', 'process.hrtime']);
const AMBIENT_CALLS = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'setTimeout',
  'setInterval',
  'queueMicrotask',
  'setImmediate',
]);

function ambientUse(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) {
    const access = node
      .getText()
      .replace(/\s/g, '')
      .replace(/^globalThis\./, '');
    return AMBIENT_MEMBERS.has(access) ? access : undefined;
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'Date' && (node.arguments?.length ?? 0) === 0) {
    return 'new Date()';
  }
  if (ts.isCallExpression(node)) {
    const called = ts.isPropertyAccessExpression(node.expression) ? node.expression.name : node.expression;
    return AMBIENT_CALLS.has(called.getText()) ? called.getText() : undefined;
  }
  return undefined;
}
