/** loggingConfiguration: history events as lines of a log group. */
import { AwsError } from '../kernel/errors.ts';
import type { CloudContext, WireInput } from '../kernel/service.ts';
import { type HistoryRecord, historyEvent } from './history.ts';

export interface Logging {
  readonly level: 'ALL' | 'ERROR' | 'FATAL' | 'OFF';
  readonly includeExecutionData: boolean;
  readonly logGroup: string | undefined;
}

export const NO_LOGGING: Logging = { level: 'OFF', includeExecutionData: false, logGroup: undefined };

/** @throws AwsError InvalidLoggingConfiguration */
export function readLogging(input: WireInput | undefined): Logging {
  if (input === undefined) return NO_LOGGING;
  const level = (input['level'] ?? 'OFF') as Logging['level'];
  const invalid = (message: string): AwsError =>
    new AwsError('InvalidLoggingConfiguration', `Invalid Logging Configuration: ${message}`);
  if (!['ALL', 'ERROR', 'FATAL', 'OFF'].includes(level)) throw invalid(`unknown level '${level}'.`);
  const destinations = (input['destinations'] ?? []) as { cloudWatchLogsLogGroup?: { logGroupArn?: string } }[];
  if (destinations.length > 1) throw invalid('must have at most one log destination.');
  const logGroupArn = destinations[0]?.cloudWatchLogsLogGroup?.logGroupArn;
  if (level !== 'OFF' && logGroupArn === undefined) throw invalid('must specify exactly one log destination.');
  const logGroup = logGroupArn === undefined ? undefined : /:log-group:([^:]+)/.exec(logGroupArn)?.[1];
  if (logGroupArn !== undefined && logGroup === undefined) throw invalid(`'${logGroupArn}' is not a log group ARN.`);
  return { level, includeExecutionData: input['includeExecutionData'] === true, logGroup };
}

/** loggingConfiguration as DescribeStateMachine returns it. */
export function describeLogging(cloud: CloudContext, logging: Logging): object {
  const { level, includeExecutionData, logGroup } = logging;
  const arn = `arn:aws:logs:${cloud.region}:${cloud.accountId}:log-group:${logGroup ?? ''}:*`;
  const destinations = logGroup === undefined ? [] : [{ cloudWatchLogsLogGroup: { logGroupArn: arn } }];
  return { level, includeExecutionData, ...(destinations.length > 0 ? { destinations } : {}) };
}

const FATAL = /^Execution(Aborted|Failed|TimedOut)$/;
const ERROR = /(Failed|TimedOut|Aborted)$/;

/** Writes an execution's events as they are recorded; undefined when logging is off. */
export function executionLogger(
  cloud: CloudContext,
  machineName: string,
  executionArn: string,
  logging: Logging,
): ((record: HistoryRecord, id: number) => void) | undefined {
  const { level, logGroup } = logging;
  if (level === 'OFF' || logGroup === undefined) return undefined;
  return (record, id) => {
    if (level === 'FATAL' && !FATAL.test(record.type)) return;
    if (level === 'ERROR' && !ERROR.test(record.type)) return;
    const {
      type,
      timestamp: _t,
      id: _i,
      previousEventId: _p,
      ...details
    } = historyEvent(record, id, logging.includeExecutionData);
    const line = {
      id: String(id),
      type,
      details: Object.values(details)[0] ?? {},
      previous_event_id: String(record.previousEventId),
      event_timestamp: String(record.atMs),
      execution_arn: executionArn,
      redrive_count: '0',
    };
    const minute = new Date(record.atMs).toISOString().slice(0, 16).replace(/[T:]/g, '-');
    cloud.writeLog(logGroup, `states/${machineName}/${minute}`, JSON.stringify(line));
  };
}
