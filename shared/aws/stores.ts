/** The three stores of a function over one client. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type EndpointStore } from '../ports/endpoint-store.ts';
import { type ReleaseStore } from '../ports/release-store.ts';
import { type RolloutStore } from '../ports/rollout-store.ts';
import { newEndpointStore } from './endpoint-store.ts';
import { clientOptions, type Platform } from './platform.ts';
import { RecordsTable } from './records-table.ts';
import { newReleaseStore } from './release-store.ts';
import { newRolloutStore } from './rollout-store.ts';

export interface StoreSettings {
  readonly AWS_REGION: string;
  readonly STAGE: string;
  readonly RECORDS_TABLE: string;
}

export interface Stores {
  readonly rollouts: RolloutStore;
  readonly releases: ReleaseStore;
  readonly endpoints: EndpointStore;
}

export function newStores(platform: Platform, settings: StoreSettings): Stores {
  const client = new DynamoDBClient(clientOptions(platform, settings.AWS_REGION));
  const table = new RecordsTable(client, settings.RECORDS_TABLE);
  const scope = { region: settings.AWS_REGION, stage: settings.STAGE };
  return {
    rollouts: newRolloutStore(table, scope),
    releases: newReleaseStore(table, scope),
    endpoints: newEndpointStore(client, table, scope),
  };
}
