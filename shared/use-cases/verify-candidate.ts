/** Before anybody is asked: is this candidate complete, good enough by its own report, and can its rollout be decided at all? */
import { type Catalog } from '../catalog/catalog.ts';
import { type ModelDefinition, type QualityGate } from '../catalog/model-definition.ts';
import { packageGroupName } from '../catalog/names.ts';
import { WrongVersion } from '../domain/errors.ts';
import { CandidateRefused } from '../domain/flow-errors.ts';
import { planRollout, type RolloutForecast } from '../domain/preflight/plan-rollout.ts';
import { type Clock } from '../ports/clock.ts';
import { type Documents } from '../ports/documents.ts';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type ModelRegistry, type VersionDescription } from '../ports/model-registry.ts';
import { type ReleaseRecord, type ReleaseStore } from '../ports/release-store.ts';

export interface VerifyCandidateDependencies {
  readonly catalog: Catalog;
  readonly stage: string;
  readonly registry: ModelRegistry;
  readonly documents: Documents;
  readonly endpoints: EndpointStore;
  readonly releases: ReleaseStore;
  readonly clock: Clock;
  /** Hexadecimal SHA-256 of a text. */
  readonly sha256: (text: string) => string;
  /** Uniform [0, 1) numbers for the simulation, the same for the same seed text. */
  readonly simulationRandom: (seed: string) => () => number;
}

export interface Candidate {
  readonly model: string;
  readonly releaseId: string;
  readonly version: string;
  readonly versionNumber: number;
  readonly executionArn: string;
}

export interface VerifiedCandidate {
  readonly endpointType: 'real-time' | 'batch';
  readonly champion: string | null;
}

/** The value at a dotted path; undefined where the path leads nowhere. */
function valueAt(report: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (node, key) => (typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined),
      report,
    );
}

function gateFailure(gate: QualityGate, report: unknown): string | undefined {
  const value = valueAt(report, gate.metric);
  // A gate whose metric is missing has not been passed.
  if (typeof value !== 'number' || !Number.isFinite(value)) return `the report has no ${gate.metric}`;
  const kept = gate.bound === 'at-most' ? value <= gate.threshold : value >= gate.threshold;
  return kept ? undefined : `${gate.metric} is ${value}, ${gate.bound} ${gate.threshold} is asked`;
}

function checkRegistration(model: ModelDefinition, stage: string, described: VersionDescription): void {
  const group = packageGroupName(stage, model.name);
  if (described.group !== group)
    throw new WrongVersion(model.name, described.version, `it belongs to group '${described.group}', not '${group}'`);
  if (!described.complete) throw new CandidateRefused(described.version, 'its registration is not complete');
  if (described.approval === 'REJECTED')
    throw new CandidateRefused(described.version, 'it was rejected in the registry');
}

async function checkedReport(
  deps: VerifyCandidateDependencies,
  model: ModelDefinition,
  described: VersionDescription,
): Promise<string> {
  if (described.evaluationUri === undefined)
    throw new CandidateRefused(described.version, 'it has no evaluation report');
  const text = await deps.documents.readText(described.evaluationUri);
  const report = JSON.parse(text) as unknown;
  const failures = model.gates.map((gate) => gateFailure(gate, report)).filter((failure) => failure !== undefined);
  if (failures.length > 0) throw new CandidateRefused(described.version, failures.join('; '));
  return text;
}

function forecast(
  deps: VerifyCandidateDependencies,
  model: ModelDefinition,
  version: string,
): RolloutForecast | undefined {
  if (model.endpointType !== 'real-time') return undefined;
  const { requestsPerMinute, errorShare } = model.traffic;
  const traffic = { requestsPerMinute, badShares: { errors5xx: errorShare } };
  const found = planRollout(model.rollout, traffic, deps.simulationRandom(`${model.name}/preflight`));
  if (found.decision === 'REFUSE') {
    const needed = found.neededRequestsPerMinute ?? 'more than any number of';
    throw new CandidateRefused(
      version,
      `at ${requestsPerMinute} requests a minute ${Math.round(found.undecidedShare * 100)} % of healthy rollouts would stay ` +
        `undecided after ${found.capMinutes} minutes; it needs ${needed} requests a minute, or a longer hold`,
    );
  }
  return found;
}

/** Newer candidates void older ones that still wait for a decision; a running rollout is never touched. */
async function supersedeOlder(
  deps: VerifyCandidateDependencies,
  model: ModelDefinition,
  candidate: Candidate,
): Promise<void> {
  if (model.supersede !== 'queue-latest') return;
  for (const open of await deps.releases.open()) {
    if (open.model !== model.name || open.versionNumber >= candidate.versionNumber) continue;
    await deps.releases.change(open, (record) =>
      record.decision || record.outcome ? undefined : { ...record, supersededBy: candidate.version },
    );
  }
}

/**
 * 1. The version is of this model's group, complete, not rejected. 2. Its evaluation report keeps every gate of the catalog.
 * 3. The rollout can be decided with the model's traffic. 4. Older waiting candidates are voided. 5. The release is recorded,
 * bound to the version, its digests, the policy and the present champion.
 * @throws CandidateRefused, WrongVersion, UnknownModel, UnknownVersion
 */
export async function verifyCandidate(
  deps: VerifyCandidateDependencies,
  candidate: Candidate,
): Promise<VerifiedCandidate> {
  const model = deps.catalog.model(candidate.model);
  const described = await deps.registry.describe(candidate.version);
  checkRegistration(model, deps.stage, described);
  const artifactDigest = described.metadata['artifactDigest'];
  if (!artifactDigest) throw new CandidateRefused(candidate.version, 'its registration names no artifactDigest');
  const report = await checkedReport(deps, model, described);
  const champion = await deps.endpoints.champion(model.name);
  const preflight = champion ? forecast(deps, model, candidate.version) : undefined;
  await supersedeOlder(deps, model, candidate);

  const nowMs = deps.clock.nowMs();
  const ttlMs = model.approval.ttlMinutes * 60_000;
  const championVersion = champion?.arm.servable.version;
  const record: ReleaseRecord = {
    ...candidate,
    binding: {
      version: candidate.version,
      artifactDigest,
      evaluationDigest: deps.sha256(report),
      policyDigest: deps.sha256(JSON.stringify(model)),
      ...(championVersion === undefined ? {} : { champion: championVersion }),
    },
    requestedAtMs: nowMs,
    expiresAtMs: nowMs + ttlMs,
    reports: { evaluation: JSON.parse(report) as unknown, ...(preflight ? { preflight } : {}) },
  };
  await deps.releases.create(record);
  return {
    endpointType: model.endpointType,
    champion: championVersion ?? null,
  };
}
