/** PutEvents: each entry is checked by itself, and refused by itself. */
import { asEpochMs } from '../kernel/coerce.ts';
import { UnsupportedFeature, validationError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { CallContext, CloudContext, WireInput } from '../kernel/service.ts';
import { serviceIsAllowed } from './resource-policy.ts';
import type { Router } from './routing.ts';
import { busNameOf, isoSeconds, type Bus, type EventBridgeState, type EventEnvelope } from './state.ts';
import { FORWARDED } from './targets.ts';

/** Sum over all entries, by AWS's formula. */
const MAXIMUM_BYTES = 262_144;
/** From an accepted PutEvents to the call of the target. Assumed: AWS gives no figure. */
const BUS_DELAY_MS = { min: 20, max: 500 };

type Refusal = readonly [code: string, message: string];

const bytes = (text: unknown): number => (typeof text === 'string' ? Buffer.byteLength(text) : 0);

/** AWS's size of an entry: 14 bytes for a Time, and the UTF-8 bytes of source, detail type, detail and resources. */
export function entrySize(entry: WireInput): number {
  const resources = ((entry.Resources ?? []) as unknown[]).reduce((sum: number, arn) => sum + bytes(arn), 0);
  return (
    (entry.Time === undefined ? 0 : 14) +
    bytes(entry.Source) +
    bytes(entry.DetailType) +
    bytes(entry.Detail) +
    resources
  );
}

function parseDetail(text: string): object | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function refusal(entry: WireInput): Refusal | undefined {
  for (const member of ['Source', 'DetailType', 'Detail']) {
    if (typeof entry[member] !== 'string' || entry[member] === '') {
      return ['InvalidArgument', `Parameter ${member} is not valid. Reason: ${member} is a required argument.`];
    }
  }
  if ((entry.Source as string).startsWith('aws.'))
    return ['NotAuthorizedForSourceException', 'Not authorized for the source.'];
  if (!parseDetail(entry.Detail as string)) return ['MalformedDetail', 'Detail is malformed.'];
  return undefined;
}

function mayPut(bus: Bus, cloud: CloudContext, { principal }: CallContext): boolean {
  if (principal.kind !== 'service') return true;
  const question = { principal, action: 'events:PutEvents', resource: bus.arn, accountId: cloud.accountId };
  // Inside one account the rules of a bus may send to another without a policy; other services need one.
  return principal.name === 'events.amazonaws.com' || serviceIsAllowed(bus.policy, question);
}

/** Builds the operation PutEvents. */
export function newPutEvents(cloud: CloudContext, state: EventBridgeState, router: Router, random: Random) {
  const { clock } = cloud.kernel;

  const envelope = (entry: WireInput): EventEnvelope => ({
    version: '0',
    id: random.uuid(),
    'detail-type': entry.DetailType,
    source: entry.Source,
    account: cloud.accountId,
    time: isoSeconds(entry.Time === undefined ? clock.now() : asEpochMs(entry.Time, 'Time')),
    region: cloud.region,
    resources: entry.Resources ?? [],
    detail: parseDetail(entry.Detail),
  });

  const putEntry = (entry: WireInput, context: CallContext): object => {
    const forwarded = (entry as { [FORWARDED]?: EventEnvelope })[FORWARDED];
    const refused = forwarded ? undefined : refusal(entry);
    if (refused) return { ErrorCode: refused[0], ErrorMessage: refused[1] };
    const event = forwarded ?? envelope(entry);
    const bus = state.buses.get(busNameOf(entry.EventBusName));
    // AWS takes an event for a bus that does not exist, and drops it.
    if (!bus) {
      cloud.kernel.trace(`event ${event.id} dropped: no bus ${busNameOf(entry.EventBusName)}`);
      return { EventId: event.id };
    }
    if (!mayPut(bus, cloud, context)) {
      return {
        ErrorCode: 'AccessDeniedException',
        ErrorMessage: `Not authorized to perform: events:PutEvents on ${bus.arn}`,
      };
    }
    const delayMs = random.integer(BUS_DELAY_MS.min, BUS_DELAY_MS.max);
    clock.after(delayMs, `event ${event.id}`, () => router.accept(bus, event, forwarded !== undefined));
    return { EventId: event.id };
  };

  return (input: WireInput, context: CallContext): object => {
    if (input.EndpointId !== undefined) throw new UnsupportedFeature('PutEvents with EndpointId (global endpoints)');
    const entries = (input.Entries ?? []) as WireInput[];
    if (entries.length < 1 || entries.length > 10) {
      throw validationError(
        `1 validation error detected: Value '[PutEventsRequestEntry x ${entries.length}]' at 'entries' failed to satisfy ` +
          `constraint: Member must have length ${entries.length === 0 ? 'greater than or equal to 1' : 'less than or equal to 10'}`,
      );
    }
    if (entries.reduce((sum, entry) => sum + entrySize(entry), 0) > MAXIMUM_BYTES) {
      throw validationError('Total size of the entries in the request is over the limit.');
    }
    const results = entries.map((entry) => putEntry(entry, context));
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  };
}
