/** Puts events on Switchyard's bus. */
import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { EventsNotAccepted } from '../domain/flow-errors.ts';
import { type EventPublisher } from '../ports/flow.ts';
import { errorMessage, errorName } from './platform.ts';

/** PutEvents takes at most ten entries. */
const ENTRIES_MAX = 10;

export function newEventPublisher(client: EventBridgeClient, busName: string): EventPublisher {
  return {
    async publish(events) {
      for (let start = 0; start < events.length; start += ENTRIES_MAX) {
        const batch = events.slice(start, start + ENTRIES_MAX);
        const Entries = batch.map((event) => ({
          EventBusName: busName,
          Source: event.source,
          DetailType: event.detailType,
          Detail: JSON.stringify(event.detail),
        }));
        const output = await client.send(new PutEventsCommand({ Entries })).catch((error: unknown) => {
          // State machines retry by this name: a bus that fails as a whole has refused them all.
          throw new EventsNotAccepted(
            batch.map((event) => event.detailType),
            `${errorName(error)}: ${errorMessage(error)}`,
          );
        });
        if (!output.FailedEntryCount) continue;
        const refused = batch.filter((_event, index) => output.Entries?.[index]?.ErrorCode !== undefined);
        const cause = output.Entries?.find((entry) => entry.ErrorCode)?.ErrorMessage ?? 'no reason given';
        throw new EventsNotAccepted(
          refused.map((event) => event.detailType),
          cause,
        );
      }
    },
  };
}
