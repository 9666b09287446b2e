/** Which fields each state has in each query language. */
import type { StateType } from '../workflow.ts';

export type QueryLanguage = 'JSONata' | 'JSONPath';

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '');

const EVERY_STATE = words('Type Comment QueryLanguage');
const MAP =
  'ItemProcessor ItemSelector ItemReader ItemBatcher ResultWriter Label MaxConcurrency ToleratedFailureCount ToleratedFailurePercentage';

const OWN: Readonly<Record<QueryLanguage, Readonly<Record<StateType, readonly string[]>>>> = {
  JSONata: {
    Task: words('Next End Resource Arguments Output Assign TimeoutSeconds HeartbeatSeconds Retry Catch Credentials'),
    Pass: words('Next End Output Assign'),
    Wait: words('Next End Seconds Timestamp Output Assign'),
    Choice: words('Choices Default Output Assign'),
    Succeed: words('Output'),
    Fail: words('Error Cause'),
    Parallel: words('Next End Branches Arguments Output Assign Retry Catch'),
    Map: words(`Next End Items Output Assign Retry Catch ${MAP}`),
  },
  JSONPath: {
    Task: words(
      `Next End Resource InputPath Parameters ResultSelector ResultPath OutputPath Assign TimeoutSeconds
       TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath Retry Catch Credentials`,
    ),
    Pass: words('Next End Result InputPath Parameters ResultPath OutputPath Assign'),
    Wait: words('Next End Seconds SecondsPath Timestamp TimestampPath InputPath OutputPath Assign'),
    Choice: words('Choices Default InputPath OutputPath Assign'),
    Succeed: words('InputPath OutputPath'),
    Fail: words('Error ErrorPath Cause CausePath'),
    Parallel: words('Next End Branches InputPath Parameters ResultSelector ResultPath OutputPath Assign Retry Catch'),
    Map: words(
      `Next End ItemsPath Parameters Iterator InputPath ResultSelector ResultPath OutputPath Assign Retry Catch
       MaxConcurrencyPath ToleratedFailureCountPath ToleratedFailurePercentagePath ${MAP}`,
    ),
  },
};

const REQUIRED: Readonly<Partial<Record<StateType, readonly string[]>>> = {
  Task: ['Resource'],
  Choice: ['Choices'],
  Parallel: ['Branches'],
};

export const STATE_TYPES = Object.keys(OWN.JSONata) as readonly StateType[];

export function stateFields(type: StateType, language: QueryLanguage): ReadonlySet<string> {
  return new Set([...EVERY_STATE, ...OWN[language][type]]);
}

export function requiredFields(type: StateType): readonly string[] {
  return REQUIRED[type] ?? [];
}

/** States that go on by Next or End. */
export function hasTransition(type: StateType): boolean {
  return type !== 'Choice' && type !== 'Succeed' && type !== 'Fail';
}

export const MACHINE_FIELDS = new Set(words('Comment StartAt States TimeoutSeconds Version QueryLanguage'));
export const BRANCH_FIELDS = new Set(words('Comment StartAt States'));
export const PROCESSOR_FIELDS = new Set(words('Comment StartAt States ProcessorConfig'));
export const RETRY_FIELDS = new Set(
  words('Comment ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy'),
);
export const CATCH_FIELDS: Readonly<Record<QueryLanguage, ReadonlySet<string>>> = {
  JSONata: new Set(words('Comment ErrorEquals Next Output Assign')),
  JSONPath: new Set(words('Comment ErrorEquals Next ResultPath Assign')),
};
export const CHOICE_FIELDS = new Set(words('Comment Condition Next Output Assign'));
export const PROCESSOR_CONFIG_FIELDS = new Set(words('Mode ExecutionType'));
export const ITEM_READER_FIELDS: Readonly<Record<QueryLanguage, ReadonlySet<string>>> = {
  JSONata: new Set(words('Resource Arguments ReaderConfig')),
  JSONPath: new Set(words('Resource Parameters ReaderConfig')),
};
export const READER_CONFIG_FIELDS = new Set(
  words('InputType CSVHeaderLocation CSVHeaders CSVDelimiter MaxItems MaxItemsPath ItemsPointer'),
);
export const ITEM_BATCHER_FIELDS = new Set(
  words('MaxItemsPerBatch MaxItemsPerBatchPath MaxInputBytesPerBatch MaxInputBytesPerBatchPath BatchInput'),
);
export const RESULT_WRITER_FIELDS: Readonly<Record<QueryLanguage, ReadonlySet<string>>> = {
  JSONata: new Set(words('Resource Arguments WriterConfig')),
  JSONPath: new Set(words('Resource Parameters WriterConfig')),
};
export const WRITER_CONFIG_FIELDS = new Set(words('OutputType Transformation'));
