/** All ports in memory around one test clock and one set of faults: it fits the dependencies of every use case. */
import { createHash } from 'node:crypto';
import { newCatalog } from '../../../shared/catalog/catalog.ts';
import { Faults } from './faults.ts';
import {
  newInMemoryDeadMan,
  newInMemoryExecutions,
  newInMemorySpool,
  newInMemoryTokens,
  newRecordedEvents,
} from './flow.ts';
import { newInMemoryPlatform } from './serving-platform.ts';
import {
  newInMemoryAlerts,
  newInMemoryDocuments,
  newInMemoryLabelledRows,
  newInMemoryMetrics,
  newInMemoryRegistry,
  newInMemoryTraining,
} from './sources.ts';
import { newInMemoryStores } from './stores.ts';
import { newTestClock } from './test-clock.ts';

export const STAGE = 'dev';
export const MODEL = 'demand-forecast';
export const ENDPOINT = 'dev-demand-forecast';
export const RELEASE_MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:model-release';
export const ROLLBACK_MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:rollback-model';

export type World = ReturnType<typeof newWorld>;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

export function newWorld(catalog = newCatalog()) {
  const clock = newTestClock();
  const faults = new Faults();
  const stores = newInMemoryStores(faults);
  const { cells, ...ports } = stores;
  const { runs, known, snapshots, pipelines, trainingData } = newInMemoryTraining(faults);
  let leftMs = 30_000;
  return {
    ...ports,
    cells,
    clock,
    faults,
    catalog,
    stage: STAGE,
    captureUri: 's3://data/capture',
    releaseMachine: RELEASE_MACHINE,
    rollbackMachine: ROLLBACK_MACHINE,
    platform: newInMemoryPlatform(clock, faults),
    events: newRecordedEvents(faults),
    executions: newInMemoryExecutions(faults),
    tokens: newInMemoryTokens(faults),
    deadMan: newInMemoryDeadMan(faults),
    spool: newInMemorySpool(faults),
    registry: newInMemoryRegistry(faults),
    metrics: newInMemoryMetrics(faults),
    documents: newInMemoryDocuments(faults),
    labelledRows: newInMemoryLabelledRows(faults),
    alerts: newInMemoryAlerts(faults),
    pipelines,
    trainingData,
    training: { runs, known, snapshots },
    sha256,
    // Any fixed stream serves: the forecast's own numbers are tested with the planner.
    simulationRandom: (_seed: string) => () => 0.5,
    remainingMs: (): number => leftMs,
    /** How long the present invocation may still run. */
    setRemainingMs: (ms: number): void => {
      leftMs = ms;
    },
  };
}
