/** Registry, metrics, documents, labelled rows, alerts, training: what the world says and hears. */
import { DocumentMissing, UnknownPipeline, UnknownVersion } from '../../../shared/domain/flow-errors.ts';
import { type ChampionHistory, type EvidenceMinute } from '../../../shared/domain/judge/evidence.ts';
import { type Alert, type Alerts } from '../../../shared/ports/alerts.ts';
import { type Documents, type LabelledRow, type LabelledRows } from '../../../shared/ports/documents.ts';
import { type MetricSource, type MinutesQuery } from '../../../shared/ports/metric-source.ts';
import {
  type LifeCycleStage,
  type ModelRegistry,
  type VersionDescription,
} from '../../../shared/ports/model-registry.ts';
import {
  type TrainingData,
  type TrainingPipelines,
  type TrainingRun,
} from '../../../shared/ports/training-pipelines.ts';
import { faulty, type Faults } from './faults.ts';

export interface InMemoryRegistry extends ModelRegistry {
  readonly versions: Map<string, VersionDescription>;
  readonly stages: Map<string, LifeCycleStage>;
  /** A person decides. */
  decide(version: string, approval: VersionDescription['approval'], approvalDescription?: string): void;
}

export function newInMemoryRegistry(faults: Faults): InMemoryRegistry {
  const versions = new Map<string, VersionDescription>();
  const stages = new Map<string, LifeCycleStage>();
  const registry: ModelRegistry = {
    describe: async (version) => {
      const described = versions.get(version);
      if (!described) throw new UnknownVersion(version);
      return described;
    },
    markStage: async (version, stage) => {
      if (!versions.has(version)) throw new UnknownVersion(version);
      stages.set(version, stage);
    },
  };
  return Object.assign(faulty('registry', faults, registry), {
    versions,
    stages,
    decide: (version: string, approval: VersionDescription['approval'], approvalDescription?: string) => {
      const described = versions.get(version)!;
      versions.set(version, {
        ...described,
        approval,
        ...(approvalDescription === undefined ? {} : { approvalDescription }),
      });
    },
  });
}

export interface InMemoryMetrics extends MetricSource {
  readonly recorded: EvidenceMinute[];
  readonly queries: MinutesQuery[];
  champion: ChampionHistory;
  readonly inAlarm: Set<string>;
}

export function newInMemoryMetrics(faults: Faults): InMemoryMetrics {
  const recorded: EvidenceMinute[] = [];
  const queries: MinutesQuery[] = [];
  const inAlarm = new Set<string>();
  const controls = { champion: { invocations: 100_000, errors5xx: 50, errors4xx: 50, slow: 50 } as ChampionHistory };
  const metrics: MetricSource = {
    minutes: async (query) => {
      queries.push(query);
      return recorded
        .filter((each) => each.minute >= query.fromMinute && each.minute < query.untilMinute)
        .map(({ champion, ...each }) => (query.championVariant === undefined ? each : { ...each, champion }));
    },
    history: async () => controls.champion,
    raised: async (names) => names.filter((name) => inAlarm.has(name)),
  };
  return Object.assign(controls, faulty('metrics', faults, metrics), { recorded, queries, inAlarm });
}

export interface InMemoryDocuments extends Documents {
  readonly texts: Map<string, string>;
}

export function newInMemoryDocuments(faults: Faults): InMemoryDocuments {
  const texts = new Map<string, string>();
  const documents: Documents = {
    readText: async (uri) => {
      const text = texts.get(uri);
      if (text === undefined) throw new DocumentMissing(uri);
      return text;
    },
    writeText: async (key, text) => {
      texts.set(`memory://evidence/${key}`, text);
      return `memory://evidence/${key}`;
    },
  };
  return Object.assign(faulty('documents', faults, documents), { texts });
}

export interface InMemoryLabelledRows extends LabelledRows {
  rows: readonly LabelledRow[];
}

export function newInMemoryLabelledRows(faults: Faults): InMemoryLabelledRows {
  const controls = { rows: [] as readonly LabelledRow[] };
  const source: LabelledRows = { recent: async ({ limit }) => controls.rows.slice(0, limit) };
  return Object.assign(controls, faulty('labelledRows', faults, source));
}

export interface InMemoryAlerts extends Alerts {
  readonly sent: Alert[];
}

export function newInMemoryAlerts(faults: Faults): InMemoryAlerts {
  const sent: Alert[] = [];
  const alerts: Alerts = {
    send: async (alert) => {
      sent.push(alert);
    },
  };
  return Object.assign(faulty('alerts', faults, alerts), { sent });
}

export interface InMemoryTraining {
  readonly pipelines: TrainingPipelines;
  readonly trainingData: TrainingData;
  /** One a token. */
  readonly runs: TrainingRun[];
  readonly known: Set<string>;
  readonly snapshots: Map<string, Readonly<Record<string, string>>>;
}

export function newInMemoryTraining(faults: Faults): InMemoryTraining {
  const runs: TrainingRun[] = [];
  const known = new Set<string>();
  const snapshots = new Map<string, Readonly<Record<string, string>>>();
  const pipelines: TrainingPipelines = {
    start: async (run) => {
      if (!known.has(run.pipeline)) throw new UnknownPipeline(run.pipeline);
      if (!runs.some((each) => each.requestToken === run.requestToken)) runs.push(run);
      return { executionArn: `pipeline/${run.pipeline}/${run.requestToken}` };
    },
  };
  const trainingData: TrainingData = {
    latest: async (model) => {
      const snapshot = snapshots.get(model);
      if (!snapshot) throw new DocumentMissing(`raw/${model}/latest.json`);
      return snapshot;
    },
  };
  return {
    pipelines: faulty('pipelines', faults, pipelines),
    trainingData: faulty('trainingData', faults, trainingData),
    runs,
    known,
    snapshots,
  };
}
