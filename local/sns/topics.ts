/** Topics and subscriptions as SNS keeps them. */
import { AwsError } from '../kernel/errors.ts';
import type { PolicyDocument } from '../eventbridge/resource-policy.ts';

export interface SnsMessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: Uint8Array | string;
}

export interface Subscription {
  readonly topic: Topic;
  readonly arn: string;
  readonly protocol: 'sqs' | 'lambda' | 'email' | 'email-json';
  readonly endpoint: string;
  confirmed: boolean;
  /** For ConfirmSubscription; in the confirmation mail. */
  readonly token: string;
  raw: boolean;
  filterPolicy: string | undefined;
  filterScope: 'MessageAttributes' | 'MessageBody';
  matches: ((event: unknown) => boolean) | undefined;
  deadLetterArn: string | undefined;
}

export interface Topic {
  readonly name: string;
  readonly arn: string;
  readonly tags: Map<string, string>;
  policy: PolicyDocument;
  displayName: string;
  deliveryPolicy: string | undefined;
  kmsMasterKeyId: string | undefined;
  readonly subscriptions: Map<string, Subscription>;
}

export const invalidParameter = (reason: string): AwsError =>
  new AwsError('InvalidParameter', `Invalid parameter: ${reason}`, { statusCode: 400 });

export const notFound = (what: string): AwsError => new AwsError('NotFound', what, { statusCode: 404 });

/** The policy that each topic gets: the account's own principals, and services that act for the account. */
export function defaultPolicy(topicArn: string, accountId: string): PolicyDocument {
  return {
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: [
          'SNS:GetTopicAttributes',
          'SNS:SetTopicAttributes',
          'SNS:AddPermission',
          'SNS:RemovePermission',
        ].concat(['SNS:DeleteTopic', 'SNS:Subscribe', 'SNS:ListSubscriptionsByTopic', 'SNS:Publish']),
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceOwner': accountId } },
      },
    ],
  };
}

/** A page of at most 100, as SNS lists. */
export function page<T>(items: readonly T[], token: unknown): { items: readonly T[]; NextToken: string | undefined } {
  const from = Number(token ?? 0);
  if (!Number.isInteger(from) || from < 0) throw invalidParameter(`NextToken '${String(token)}'`);
  return {
    items: items.slice(from, from + 100),
    NextToken: from + 100 < items.length ? String(from + 100) : undefined,
  };
}
