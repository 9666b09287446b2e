/** Lambda's REST paths. */
import type { RestRoute } from '../kernel/service.ts';

const FUNCTION = '/2015-03-31/functions/{FunctionName}';
const EVENT_INVOKE = '/2019-09-25/functions/{FunctionName}/event-invoke-config';
const MAPPINGS = '/2015-03-31/event-source-mappings';
const qualified = { queryMembers: { Qualifier: 'Qualifier' } };

export const LAMBDA_ROUTES: readonly RestRoute[] = [
  { method: 'POST', path: '/2015-03-31/functions', operation: 'CreateFunction', status: 201 },
  {
    method: 'GET',
    path: '/2015-03-31/functions',
    operation: 'ListFunctions',
    queryMembers: {
      Marker: 'Marker',
      MaxItems: 'MaxItems',
      FunctionVersion: 'FunctionVersion',
      MasterRegion: 'MasterRegion',
    },
  },
  { method: 'GET', path: FUNCTION, operation: 'GetFunction', ...qualified },
  { method: 'DELETE', path: FUNCTION, operation: 'DeleteFunction', status: 204, ...qualified },
  { method: 'GET', path: `${FUNCTION}/configuration`, operation: 'GetFunctionConfiguration', ...qualified },
  { method: 'PUT', path: `${FUNCTION}/configuration`, operation: 'UpdateFunctionConfiguration' },
  {
    method: 'POST',
    path: `${FUNCTION}/invocations`,
    operation: 'Invoke',
    ...qualified,
    headerMembers: {
      'x-amz-invocation-type': 'InvocationType',
      'x-amz-log-type': 'LogType',
      'x-amz-client-context': 'ClientContext',
      'x-amz-durable-execution-name': 'DurableExecutionName',
      'x-amz-tenant-id': 'TenantId',
    },
    payload: 'Payload',
    responseHeaders: {
      FunctionError: 'X-Amz-Function-Error',
      LogResult: 'X-Amz-Log-Result',
      ExecutedVersion: 'X-Amz-Executed-Version',
    },
    responsePayload: 'Payload',
  },
  { method: 'POST', path: `${FUNCTION}/policy`, operation: 'AddPermission', status: 201, ...qualified },
  { method: 'GET', path: `${FUNCTION}/policy`, operation: 'GetPolicy', ...qualified },
  {
    method: 'DELETE',
    path: `${FUNCTION}/policy/{StatementId}`,
    operation: 'RemovePermission',
    status: 204,
    queryMembers: { Qualifier: 'Qualifier', RevisionId: 'RevisionId' },
  },
  { method: 'PUT', path: EVENT_INVOKE, operation: 'PutFunctionEventInvokeConfig', ...qualified },
  { method: 'GET', path: EVENT_INVOKE, operation: 'GetFunctionEventInvokeConfig', ...qualified },
  { method: 'DELETE', path: EVENT_INVOKE, operation: 'DeleteFunctionEventInvokeConfig', status: 204, ...qualified },
  { method: 'PUT', path: '/2017-10-31/functions/{FunctionName}/concurrency', operation: 'PutFunctionConcurrency' },
  {
    method: 'DELETE',
    path: '/2017-10-31/functions/{FunctionName}/concurrency',
    operation: 'DeleteFunctionConcurrency',
    status: 204,
  },
  { method: 'GET', path: '/2019-09-30/functions/{FunctionName}/concurrency', operation: 'GetFunctionConcurrency' },
  { method: 'POST', path: MAPPINGS, operation: 'CreateEventSourceMapping', status: 202 },
  {
    method: 'GET',
    path: MAPPINGS,
    operation: 'ListEventSourceMappings',
    queryMembers: {
      EventSourceArn: 'EventSourceArn',
      FunctionName: 'FunctionName',
      Marker: 'Marker',
      MaxItems: 'MaxItems',
    },
  },
  { method: 'GET', path: `${MAPPINGS}/{UUID}`, operation: 'GetEventSourceMapping' },
  { method: 'PUT', path: `${MAPPINGS}/{UUID}`, operation: 'UpdateEventSourceMapping', status: 202 },
  { method: 'DELETE', path: `${MAPPINGS}/{UUID}`, operation: 'DeleteEventSourceMapping', status: 202 },
  { method: 'GET', path: '/2017-03-31/tags/{Resource}', operation: 'ListTags' },
  { method: 'POST', path: '/2017-03-31/tags/{Resource}', operation: 'TagResource', status: 204 },
];
