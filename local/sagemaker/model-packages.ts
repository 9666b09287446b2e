/** Versioned model packages: what is registered, approved and annotated. */
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import { type Operation, type WireInput } from '../kernel/service.ts';
import { pick, userContext, type SageMakerContext } from './context.ts';
import { page } from './listing.ts';
import { type ModelPackageGroup, newModelPackageGroups } from './model-package-groups.ts';
import { announceModelPackage } from './model-package-event.ts';
import { CREATE_PACKAGE, DESCRIBE_PACKAGE, LIST_PACKAGES, UPDATE_PACKAGE } from './model-package-members.ts';
import { checkInput } from './shape.ts';

export interface ModelPackage {
  readonly group: ModelPackageGroup;
  readonly version: number;
  readonly arn: string;
  readonly name: string;
  readonly creationMs: number;
  readonly createdBy: object;
  /** Members as created, and as later updates changed them. */
  members: Record<string, unknown>;
  approvalStatus: string;
  lastModifiedMs: number | undefined;
  lastModifiedBy: object | undefined;
}

export interface ModelPackages {
  readonly operations: Readonly<Record<string, Operation>>;
  /** By ARN or `group/version`. @throws AwsError ValidationException when there is none */
  find(nameOrArn: string): ModelPackage;
}

const STORED = [
  'ModelPackageDescription',
  'InferenceSpecification',
  'MetadataProperties',
  'ModelMetrics',
  'Domain',
  'Task',
  'SamplePayloadUrl',
  'CustomerMetadataProperties',
  'DriftCheckBaselines',
  'SkipModelValidation',
  'SourceUri',
  'ModelCard',
  'ModelLifeCycle',
  'ModelPackageRegistrationType',
] as const;

/** Fields that UpdateModelPackage may change, in the order in which events name them. */
const UPDATABLE = [
  'ModelApprovalStatus',
  'ApprovalDescription',
  'SourceUri',
  'CustomerMetadataProperties',
  'InferenceSpecification',
  'ModelLifeCycle',
  'ModelCard',
] as const;

function requireSlash(specification: WireInput | undefined): void {
  for (const container of (specification?.['Containers'] ?? []) as WireInput[]) {
    const uri = container['ModelDataSource']?.['S3DataSource']?.['S3Uri'] as string | undefined;
    if (uri !== undefined && !uri.endsWith('/')) {
      throw validationError(`ModelDataSource S3Uri '${uri}' of type S3Prefix must end with a forward slash (/)`);
    }
  }
}

/** The customer metadata after an update: new keys win, removed keys go, at most 50 remain. */
function mergedMetadata(current: unknown, input: WireInput): Record<string, string> {
  const merged = {
    ...((current ?? {}) as Record<string, string>),
    ...((input['CustomerMetadataProperties'] ?? {}) as Record<string, string>),
  };
  for (const key of (input['CustomerMetadataPropertiesToRemove'] ?? []) as string[]) delete merged[key];
  if (Object.keys(merged).length > 50) {
    throw validationError(`CustomerMetadataProperties can hold at most 50 entries, not ${Object.keys(merged).length}`);
  }
  return merged;
}

function summary(item: ModelPackage): Record<string, unknown> {
  return {
    ModelPackageGroupName: item.group.name,
    ModelPackageVersion: item.version,
    ModelPackageArn: item.arn,
    ...pick(item.members, 'ModelPackageDescription', 'ModelLifeCycle', 'ModelPackageRegistrationType'),
    CreationTime: new Date(item.creationMs),
    ModelPackageStatus: 'Completed',
    ModelApprovalStatus: item.approvalStatus,
  };
}

function describe(item: ModelPackage): Record<string, unknown> {
  return {
    ...item.members,
    ModelPackageGroupName: item.group.name,
    ModelPackageVersion: item.version,
    ModelPackageArn: item.arn,
    CreationTime: new Date(item.creationMs),
    ModelPackageStatus: 'Completed',
    ModelPackageStatusDetails: { ValidationStatuses: [], ImageScanStatuses: [] },
    CertifyForMarketplace: false,
    ModelApprovalStatus: item.approvalStatus,
    CreatedBy: item.createdBy,
    LastModifiedTime: item.lastModifiedMs === undefined ? undefined : new Date(item.lastModifiedMs),
    LastModifiedBy: item.lastModifiedBy,
  };
}

export function newModelPackages(context: SageMakerContext): ModelPackages {
  const packages = new Map<string, ModelPackage>();
  const byToken = new Map<string, { readonly arn: string; readonly request: string }>();
  const groups = newModelPackageGroups(context, (group) => [...packages.values()].some((item) => item.group === group));

  const arnOf = (name: string): string => (name.startsWith('arn:') ? name : context.arn('model-package', name));
  const find = (nameOrArn: string): ModelPackage => {
    const item = packages.get(arnOf(nameOrArn).toLowerCase());
    if (!item) throw validationError(`ModelPackage ${arnOf(nameOrArn)} does not exist.`);
    return item;
  };

  /** The package that an earlier request with this token made. @throws AwsError when that request was another one */
  const madeBefore = (operation: string, input: WireInput): string | undefined => {
    if (input['ClientToken'] === undefined) return undefined;
    const before = byToken.get(`${operation} ${input['ClientToken']}`);
    if (before && before.request !== JSON.stringify(input)) {
      throw validationError(`ClientToken '${input['ClientToken']}' was already used with different parameters`);
    }
    return before?.arn;
  };
  const remember = (operation: string, input: WireInput, arn: string): void => {
    if (input['ClientToken'] === undefined) return;
    byToken.set(`${operation} ${input['ClientToken']}`, { arn, request: JSON.stringify(input) });
  };

  const operations: Record<string, Operation> = {
    ...groups.operations,
    CreateModelPackage(input, call) {
      checkInput('CreateModelPackage', CREATE_PACKAGE, input);
      if (input['ModelPackageGroupName'] === undefined) {
        throw new UnsupportedFeature('CreateModelPackage without ModelPackageGroupName (an unversioned package)');
      }
      if (input['Tags'] !== undefined) {
        throw validationError('Tags cannot be set on a versioned model package: tag its model package group instead.');
      }
      const before = madeBefore('CreateModelPackage', input);
      if (before !== undefined) return { ModelPackageArn: before };
      const group = groups.find(input['ModelPackageGroupName'] as string);
      requireSlash(input['InferenceSpecification'] as WireInput | undefined);
      const version = ++group.lastVersion;
      const item: ModelPackage = {
        group,
        version,
        arn: context.arn('model-package', group.name, version),
        name: `${group.name}/${version}`,
        creationMs: context.nowMs(),
        createdBy: userContext(call),
        members: structuredClone(pick(input, ...STORED)),
        approvalStatus: (input['ModelApprovalStatus'] as string | undefined) ?? 'PendingManualApproval',
        lastModifiedMs: undefined,
        lastModifiedBy: undefined,
      };
      packages.set(item.arn.toLowerCase(), item);
      remember('CreateModelPackage', input, item.arn);
      announceModelPackage(context, item, undefined);
      return { ModelPackageArn: item.arn };
    },
    DescribeModelPackage(input) {
      checkInput('DescribeModelPackage', DESCRIBE_PACKAGE, input);
      return structuredClone(describe(find(input['ModelPackageName'] as string)));
    },
    ListModelPackages(input) {
      checkInput('ListModelPackages', LIST_PACKAGES, input);
      // AWS lists unversioned packages unless a group or the type says otherwise; the laptop cloud has none of those.
      const type = (input['ModelPackageType'] as string | undefined) ?? 'Unversioned';
      const group =
        input['ModelPackageGroupName'] === undefined
          ? undefined
          : groups.find(input['ModelPackageGroupName'] as string);
      const status = input['ModelApprovalStatus'] as string | undefined;
      const items = [...packages.values()].filter(
        (item) =>
          (group ? item.group === group : type !== 'Unversioned') &&
          (status === undefined || item.approvalStatus === status),
      );
      const result = page(items, input, { sortBy: 'CreationTime', descending: false });
      return {
        ModelPackageSummaryList: result.items.map((item) => structuredClone(summary(item))),
        NextToken: result.NextToken,
      };
    },
    UpdateModelPackage(input, call) {
      checkInput('UpdateModelPackage', UPDATE_PACKAGE, input);
      const before = madeBefore('UpdateModelPackage', input);
      if (before !== undefined) return { ModelPackageArn: before };
      const item = find(input['ModelPackageArn'] as string);
      requireSlash(input['InferenceSpecification'] as WireInput | undefined);
      const changes = structuredClone(pick(input, ...UPDATABLE.filter((name) => name !== 'ModelApprovalStatus')));
      if (
        input['CustomerMetadataProperties'] !== undefined ||
        input['CustomerMetadataPropertiesToRemove'] !== undefined
      ) {
        changes['CustomerMetadataProperties'] = mergedMetadata(item.members['CustomerMetadataProperties'], input);
      }
      item.members = { ...item.members, ...changes };
      if (input['ModelApprovalStatus'] !== undefined) item.approvalStatus = input['ModelApprovalStatus'] as string;
      item.lastModifiedMs = context.nowMs();
      item.lastModifiedBy = userContext(call);
      remember('UpdateModelPackage', input, item.arn);
      const updated = UPDATABLE.filter(
        (name) => name in changes || (name === 'ModelApprovalStatus' && input[name] !== undefined),
      );
      announceModelPackage(context, item, updated);
      return { ModelPackageArn: item.arn };
    },
    DeleteModelPackage(input) {
      checkInput('DeleteModelPackage', DESCRIBE_PACKAGE, input);
      packages.delete(find(input['ModelPackageName'] as string).arn.toLowerCase());
      return {};
    },
  };
  return { operations, find };
}
