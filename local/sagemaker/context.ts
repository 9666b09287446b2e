/** What every room of the SageMaker service shares: names, tags, events, delays and the container host. */
import { type ContainerHost } from '../kernel/containers.ts';
import { SLOWNESS } from '../kernel/latency.ts';
import { type Random } from '../kernel/random.ts';
import { type CallContext, type CloudContext, type WireInput } from '../kernel/service.ts';

export interface SageMakerContext {
  readonly cloud: CloudContext;
  readonly host: ContainerHost;
  /** An existing directory for model artifacts and the files of jobs. */
  readonly scratchDirectory: string;
  /** Tags by resource ARN; every resource that can be tagged has an entry. */
  readonly tags: Map<string, Map<string, string>>;
  /** ARN of a resource; SageMaker writes names in lower case there. */
  arn(type: string, ...path: readonly (string | number)[]): string;
  nowMs(): number;
  /** Draws a duration from an assumed range of AWS's slowness. */
  delayMs(range: { readonly min: number; readonly max: number }, stream: string): number;
  /** The random stream of that name, one object for the whole run. */
  random(stream: string): Random;
  /** A directory path below the scratch directory that no one else gets. Not created. */
  directory(label: string): string;
  /** Puts an event of source `aws.sagemaker` on the default bus, as late as SageMaker does. */
  announce(detailType: string, resources: readonly string[], detail: Readonly<Record<string, unknown>>): void;
  /** Makes a resource known as one that can be tagged, and adds tags to it. */
  setTags(arn: string, tags: unknown): void;
  /** The Tags member of events: a map. */
  tagMap(arn: string): Record<string, string>;
}

export function newSageMakerContext(
  cloud: CloudContext,
  host: ContainerHost,
  scratchDirectory: string,
): SageMakerContext {
  const streams = new Map<string, Random>();
  const tags = new Map<string, Map<string, string>>();
  let directories = 0;
  const random = (stream: string): Random => {
    let found = streams.get(stream);
    if (!found) streams.set(stream, (found = cloud.kernel.random(`sagemaker/${stream}`)));
    return found;
  };
  const delayMs = (range: { min: number; max: number }, stream: string): number =>
    random(stream).integer(range.min, range.max);
  return {
    cloud,
    host,
    scratchDirectory,
    tags,
    arn: (type, ...path) =>
      `arn:aws:sagemaker:${cloud.region}:${cloud.accountId}:${type}/${path.join('/').toLowerCase()}`,
    nowMs: () => cloud.kernel.clock.now(),
    delayMs,
    random,
    directory: (label) => `${scratchDirectory}/sagemaker/${String(++directories).padStart(4, '0')}-${label}`,
    announce: (detailType, resources, detail) => {
      cloud.kernel.clock.after(delayMs(SLOWNESS.serviceEventMs, 'events'), `event ${detailType}`, () =>
        cloud.emit({ source: 'aws.sagemaker', detailType, detail, resources }),
      );
    },
    setTags: (arn, list) => {
      const map = tags.get(arn) ?? new Map<string, string>();
      for (const tag of (list ?? []) as { Key: string; Value: string }[]) map.set(tag.Key, tag.Value);
      tags.set(arn, map);
    },
    tagMap: (arn) => Object.fromEntries(tags.get(arn) ?? []),
  };
}

/** `CreatedBy` and `LastModifiedBy` of what a call made. */
export function userContext(call: CallContext): { IamIdentity: { Arn: string; PrincipalId: string } } {
  const principal = call.principal;
  const arn = principal.kind === 'role' ? principal.arn : principal.kind === 'service' ? principal.name : 'root';
  return { IamIdentity: { Arn: arn, PrincipalId: arn } };
}

/** The members of an input that are there, by name. */
export function pick(input: WireInput, ...names: readonly string[]): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const name of names) if (input[name] !== undefined && input[name] !== null) picked[name] = input[name];
  return picked;
}

/** `InService` -> `IN_SERVICE`, the spelling of endpoint statuses in events. */
export function upperSnake(status: string): string {
  return status.replace(/([a-z])([A-Z])/g, '$1_$2').toUpperCase();
}

/** ISO 8601 in whole seconds, as model package and pipeline events write times. */
export function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
