/** The CloudFormation template as it would be deployed. `npm run template` makes it; tests only read it. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: readonly string[];
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

const ROOT = path.resolve(import.meta.dirname, '../..');
const FILE = 'cloudformation-template-update-stack.json';
const PLACES = ['.switchyard/template', '.serverless'];

/** @throws Error when nothing has been packaged: a test without a template proves nothing */
export function packagedTemplate(): Template {
  const file = PLACES.map((folder) => path.join(ROOT, folder, FILE)).find((each) => existsSync(each));
  if (file === undefined) throw new Error(`no ${FILE} in ${PLACES.join(' or ')}: run 'npm run template' first`);
  return JSON.parse(readFileSync(file, 'utf8')) as Template;
}
