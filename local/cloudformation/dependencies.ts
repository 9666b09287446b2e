/** In which order the resources are made: each after those that it names. */
import { templateError } from './errors.ts';
import { chosenBranch, intrinsicName, parseGetAtt, parseSub, type Scope } from './intrinsics.ts';
import { isObject, type TemplateResource } from './template.ts';

/**
 * The names that a value refers to by Ref, Fn::GetAtt and Fn::Sub, in the order of the text. Of Fn::If only the chosen
 * branch counts.
 */
export function referencesIn(value: unknown, scope: Pick<Scope, 'condition'>): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => referencesIn(item, scope));
  if (!isObject(value)) return [];
  const name = intrinsicName(value);
  if (name === undefined) return Object.values(value).flatMap((item) => referencesIn(item, scope));
  const argument = value[name];
  switch (name) {
    case 'Ref':
      return typeof argument === 'string' ? [argument] : [];
    case 'Fn::GetAtt': {
      const [logicalId, attribute] = parseGetAtt(argument);
      return [logicalId, ...referencesIn(attribute, scope)];
    }
    case 'Fn::Sub': {
      const { names, own } = parseSub(argument);
      const free = names.filter((one) => !Object.hasOwn(own, one)).map((one) => one.split('.', 1)[0]!);
      return [...free, ...referencesIn(own, scope)];
    }
    case 'Fn::If':
      return referencesIn(chosenBranch(argument, scope), scope);
    default:
      return referencesIn(argument, scope);
  }
}

/**
 * Orders resources so that each comes after what it needs, otherwise as in the template.
 * @param active the resources whose condition holds; @param isKnown tells other names that may be referred to (parameters)
 * @throws AwsError ValidationError for a circle and for names that are not there
 */
export function creationOrder(
  active: ReadonlyMap<string, TemplateResource>,
  declared: ReadonlyMap<string, TemplateResource>,
  isKnown: (name: string) => boolean,
  scope: Pick<Scope, 'condition'>,
): TemplateResource[] {
  const needs = (resource: TemplateResource): string[] => {
    const references = referencesIn(resource.properties, scope).filter((name) => !isKnown(name));
    const unresolved = [
      ...references.filter((name) => !active.has(name)),
      // AWS ignores a DependsOn on a resource whose condition is false.
      ...resource.dependsOn.filter((name) => !declared.has(name)),
    ];
    if (unresolved.length > 0) {
      throw templateError(
        `Template format error: Unresolved resource dependencies [${[...new Set(unresolved)].join(', ')}] in the Resources block of the template`,
      );
    }
    return [...resource.dependsOn.filter((name) => active.has(name)), ...references];
  };

  const order: TemplateResource[] = [];
  const states = new Map<string, 'open' | 'done'>();
  const visit = (resource: TemplateResource, path: readonly string[]): void => {
    const id = resource.logicalId;
    if (states.get(id) === 'done') return;
    if (states.get(id) === 'open') {
      throw templateError(`Circular dependency between resources: [${path.slice(path.indexOf(id)).join(', ')}]`);
    }
    states.set(id, 'open');
    for (const name of needs(resource)) visit(active.get(name)!, [...path, id]);
    states.set(id, 'done');
    order.push(resource);
  };
  for (const resource of active.values()) visit(resource, []);
  return order;
}
