/** Model package groups: the registry's models. */
import { AwsError, validationError } from '../kernel/errors.ts';
import { type Operation } from '../kernel/service.ts';
import { pick, userContext, type SageMakerContext } from './context.ts';
import { page } from './listing.ts';
import { DESCRIPTION, ENTITY_NAME, listMembers, TAGS } from './members.ts';
import { checkInput, oneOf, struct, text } from './shape.ts';

export interface ModelPackageGroup {
  readonly name: string;
  readonly arn: string;
  readonly creationMs: number;
  readonly description: Record<string, unknown>;
  readonly createdBy: object;
  /** Version numbers are never given twice, even after a deletion. */
  lastVersion: number;
}

export interface ModelPackageGroups {
  readonly operations: Readonly<Record<string, Operation>>;
  /** By name or ARN. @throws AwsError ValidationException when there is none */
  find(nameOrArn: string): ModelPackageGroup;
}

const CREATE = struct(
  { ModelPackageGroupName: ENTITY_NAME },
  { ModelPackageGroupDescription: DESCRIPTION, Tags: TAGS },
);
const BY_NAME = struct({ ModelPackageGroupName: text({ min: 1, max: 170 }) });
const LIST = struct({}, { ...listMembers(['Name', 'CreationTime']), CrossAccountFilterOption: oneOf('SameAccount') });

/** @param hasPackages whether a group still holds versions */
export function newModelPackageGroups(
  context: SageMakerContext,
  hasPackages: (group: ModelPackageGroup) => boolean,
): ModelPackageGroups {
  const groups = new Map<string, ModelPackageGroup>();
  const arnOf = (nameOrArn: string): string =>
    nameOrArn.startsWith('arn:') ? nameOrArn : context.arn('model-package-group', nameOrArn);
  const find = (nameOrArn: string): ModelPackageGroup => {
    const arn = arnOf(nameOrArn);
    const group = groups.get(arn.toLowerCase());
    if (!group) throw validationError(`ModelPackageGroup ${arn} does not exist.`);
    return group;
  };
  const summary = (group: ModelPackageGroup): Record<string, unknown> => ({
    ModelPackageGroupName: group.name,
    ModelPackageGroupArn: group.arn,
    ...group.description,
    CreationTime: new Date(group.creationMs),
    ModelPackageGroupStatus: 'Completed',
  });

  const operations: Record<string, Operation> = {
    CreateModelPackageGroup(input, call) {
      checkInput('CreateModelPackageGroup', CREATE, input);
      const arn = arnOf(input['ModelPackageGroupName'] as string);
      if (groups.has(arn.toLowerCase())) throw validationError(`Model Package Group already exists: ${arn}`);
      groups.set(arn.toLowerCase(), {
        name: input['ModelPackageGroupName'] as string,
        arn,
        creationMs: context.nowMs(),
        description: pick(input, 'ModelPackageGroupDescription'),
        createdBy: userContext(call),
        lastVersion: 0,
      });
      context.setTags(arn, input['Tags']);
      return { ModelPackageGroupArn: arn };
    },
    DescribeModelPackageGroup(input) {
      checkInput('DescribeModelPackageGroup', BY_NAME, input);
      const group = find(input['ModelPackageGroupName'] as string);
      return { ...summary(group), CreatedBy: group.createdBy };
    },
    ListModelPackageGroups(input) {
      checkInput('ListModelPackageGroups', LIST, input);
      const result = page([...groups.values()], input, { sortBy: 'CreationTime', descending: false });
      return { ModelPackageGroupSummaryList: result.items.map(summary), NextToken: result.NextToken };
    },
    DeleteModelPackageGroup(input) {
      checkInput('DeleteModelPackageGroup', BY_NAME, input);
      const group = find(input['ModelPackageGroupName'] as string);
      if (hasPackages(group)) {
        throw new AwsError(
          'ConflictException',
          `Model Package Group cannot be deleted as it still contains Model Packages: ${group.arn}`,
        );
      }
      groups.delete(group.arn.toLowerCase());
      context.tags.delete(group.arn);
      return {};
    },
  };
  return { operations, find };
}
