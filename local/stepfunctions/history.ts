/** The history of an execution: lean records while it runs, AWS's event shapes when somebody asks for them. */
import type { Json, JsonObject } from './json.ts';

export const HISTORY_LIMIT_EVENTS = 25_000;

/** How an event's details are written. `fields`: an object of members; payload members hold JSON values until asked for. */
export type DetailKind = 'none' | 'entered' | 'exited' | 'fields';

export interface HistoryRecord {
  readonly previousEventId: number;
  readonly atMs: number;
  readonly type: string;
  readonly kind: DetailKind;
  /** State name (entered, exited) or the name of the details member (fields). */
  readonly name: string;
  readonly data: unknown;
  readonly assign: JsonObject | undefined;
}

/** Members whose value is JSON text on the wire, and the member that says whether it was cut off. */
const PAYLOADS: Readonly<Record<string, string | undefined>> = {
  input: 'inputDetails',
  output: 'outputDetails',
  parameters: undefined,
};

const NOT_TRUNCATED = { truncated: false };

/** One event as GetExecutionHistory returns it. */
export function historyEvent(record: HistoryRecord, id: number, includeExecutionData: boolean): JsonLike {
  return {
    timestamp: new Date(record.atMs),
    type: record.type,
    id,
    previousEventId: record.previousEventId,
    ...details(record, includeExecutionData),
  };
}

/** An event on its way out: JSON but for the timestamp. */
export type JsonLike = Record<string, unknown>;

function details(record: HistoryRecord, includeData: boolean): JsonLike {
  switch (record.kind) {
    case 'none':
      return {};
    case 'entered':
      return { stateEnteredEventDetails: { name: record.name, ...payload('input', record.data as Json, includeData) } };
    case 'exited':
      return {
        stateExitedEventDetails: {
          name: record.name,
          ...payload('output', record.data as Json, includeData),
          ...assigned(record.assign, includeData),
        },
      };
    case 'fields': {
      const members: JsonLike = {};
      for (const [member, value] of Object.entries(record.data as JsonLike)) {
        if (member in PAYLOADS) Object.assign(members, payload(member, value as Json, includeData));
        else if (value !== undefined) members[member] = value;
      }
      return { [record.name]: members };
    }
  }
}

function payload(member: string, value: Json, includeData: boolean): JsonLike {
  const detailsMember = PAYLOADS[member];
  // `parameters` is a required member of its shape; it is emptied rather than left out.
  const text = includeData ? { [member]: JSON.stringify(value) } : member === 'parameters' ? { parameters: '' } : {};
  return detailsMember === undefined ? text : { ...text, [detailsMember]: NOT_TRUNCATED };
}

function assigned(assign: JsonObject | undefined, includeData: boolean): JsonLike {
  if (!assign || !includeData) return {};
  const variables = Object.fromEntries(Object.entries(assign).map(([name, value]) => [name, JSON.stringify(value)]));
  return { assignedVariables: variables, assignedVariablesDetails: NOT_TRUNCATED };
}
