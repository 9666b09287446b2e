import { ACCOUNT, refused, role, type ServiceCases } from '../case.ts';

const trust = (service: string): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
  });
const policy = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['s3:GetObject'], Resource: 'arn:aws:s3:::models/*' }],
});
const managed = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

export const IAM: ServiceCases = {
  service: 'iam',
  cases: [
    {
      operation: 'CreateRole',
      input: {
        RoleName: 'reader',
        AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
        Description: 'reads <models> & "more"',
        Tags: [
          { Key: 'team', Value: 'forecast' },
          { Key: 'stage', Value: 'dev' },
        ],
      },
      answer: {
        'Role.Arn': role('reader'),
        'Role.RoleId': /^AROA/,
        'Role.CreateDate': Date,
        'Role.Description': 'reads <models> & "more"',
        'Role.Tags.1.Key': 'stage',
        'Role.MaxSessionDuration': 3600,
      },
    },
    {
      operation: 'CreateRole',
      input: { RoleName: 'writer', AssumeRolePolicyDocument: trust('states.amazonaws.com') },
      answer: { 'Role.RoleName': 'writer' },
    },
    {
      operation: 'GetRole',
      input: { RoleName: 'reader' },
      answer: { 'Role.AssumeRolePolicyDocument': /^%7B%22Version%22/, 'Role.Path': '/' },
    },
    {
      operation: 'ListRoles',
      input: { MaxItems: 1 },
      answer: { 'Roles.0.RoleName': 'reader', IsTruncated: true, Marker: '1' },
    },
    {
      operation: 'ListRoles',
      input: { MaxItems: 1, Marker: '1' },
      answer: { 'Roles.0.RoleName': 'writer', IsTruncated: false },
    },
    {
      operation: 'UpdateAssumeRolePolicy',
      input: { RoleName: 'reader', PolicyDocument: trust('sagemaker.amazonaws.com') },
      answer: {},
    },
    {
      operation: 'PutRolePolicy',
      input: { RoleName: 'reader', PolicyName: 'read', PolicyDocument: policy },
      answer: {},
    },
    {
      operation: 'GetRolePolicy',
      input: { RoleName: 'reader', PolicyName: 'read' },
      answer: { RoleName: 'reader', PolicyName: 'read', PolicyDocument: /s3%3AGetObject/ },
    },
    {
      operation: 'ListRolePolicies',
      input: { RoleName: 'reader' },
      answer: { 'PolicyNames.0': 'read', IsTruncated: false },
    },
    { operation: 'AttachRolePolicy', input: { RoleName: 'reader', PolicyArn: managed }, answer: {} },
    {
      operation: 'ListAttachedRolePolicies',
      input: { RoleName: 'reader' },
      answer: {
        'AttachedPolicies.0.PolicyArn': managed,
        'AttachedPolicies.0.PolicyName': 'AWSLambdaBasicExecutionRole',
      },
    },
    {
      operation: 'SimulatePrincipalPolicy',
      input: {
        PolicySourceArn: role('reader'),
        ActionNames: ['s3:GetObject', 's3:PutObject'],
        ResourceArns: ['arn:aws:s3:::models/a'],
        ContextEntries: [
          { ContextKeyName: 'aws:SourceAccount', ContextKeyValues: [ACCOUNT], ContextKeyType: 'string' },
        ],
      },
      answer: {
        'EvaluationResults.0.EvalDecision': 'allowed',
        'EvaluationResults.1.EvalActionName': 's3:PutObject',
        'EvaluationResults.1.EvalDecision': 'implicitDeny',
      },
    },
    refused('DeleteRole', { RoleName: 'reader' }, 'DeleteConflict', 409, /must delete policies first/),
    { operation: 'DetachRolePolicy', input: { RoleName: 'reader', PolicyArn: managed }, answer: {} },
    { operation: 'DeleteRolePolicy', input: { RoleName: 'reader', PolicyName: 'read' }, answer: {} },
    { operation: 'DeleteRole', input: { RoleName: 'reader' }, answer: {} },
    refused('GetRole', { RoleName: 'reader' }, 'NoSuchEntity', 404, /role with name reader cannot be found/),
    refused(
      'CreateRole',
      { RoleName: 'writer', AssumeRolePolicyDocument: trust('states.amazonaws.com') },
      'EntityAlreadyExists',
      409,
      /Role with name writer already exists/,
    ),
  ],
};
