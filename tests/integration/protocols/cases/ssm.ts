import { refused, type ServiceCases } from '../case.ts';

export const SSM: ServiceCases = {
  service: 'ssm',
  cases: [
    {
      operation: 'PutParameter',
      input: { Name: '/switchyard/dev/limit', Type: 'String', Value: 'größe <&>', Description: 'a limit' },
      answer: { Version: 1, Tier: 'Standard' },
    },
    {
      operation: 'PutParameter',
      input: { Name: '/switchyard/dev/key', Type: 'SecureString', Value: 'secret' },
      answer: { Version: 1 },
    },
    {
      operation: 'GetParameter',
      input: { Name: '/switchyard/dev/key', WithDecryption: true },
      answer: { 'Parameter.Value': 'secret', 'Parameter.LastModifiedDate': Date, 'Parameter.Version': 1 },
    },
    {
      operation: 'GetParameters',
      input: { Names: ['/switchyard/dev/limit', 'none'] },
      answer: { 'Parameters.0.Value': 'größe <&>', 'InvalidParameters.0': 'none' },
    },
    {
      operation: 'GetParametersByPath',
      input: { Path: '/switchyard', Recursive: true, MaxResults: 1 },
      answer: { 'Parameters.0.Name': '/switchyard/dev/key', NextToken: /./ },
    },
    {
      operation: 'DescribeParameters',
      input: { ParameterFilters: [{ Key: 'Name', Option: 'BeginsWith', Values: ['/switchyard/dev/l'] }] },
      answer: { 'Parameters.0.Description': 'a limit', 'Parameters.0.LastModifiedDate': Date },
    },
    refused(
      'PutParameter',
      { Name: '/switchyard/dev/limit', Type: 'String', Value: 'x' },
      'ParameterAlreadyExists',
      400,
      /set the overwrite option/,
    ),
    { operation: 'DeleteParameter', input: { Name: '/switchyard/dev/limit' }, answer: {} },
    {
      operation: 'DeleteParameters',
      input: { Names: ['/switchyard/dev/key', 'none'] },
      answer: { 'DeletedParameters.0': '/switchyard/dev/key', 'InvalidParameters.0': 'none' },
    },
    refused('GetParameter', { Name: '/switchyard/dev/limit' }, 'ParameterNotFound', 400, /^/),
  ],
};
