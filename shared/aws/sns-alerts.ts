/** Alerts on an SNS topic; subscribers filter by severity. */
import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { type Alerts } from '../ports/alerts.ts';

/** SNS takes printable ASCII subjects only, below 100 characters. */
const SUBJECT_CHARACTERS_MAX = 99;

export function newSnsAlerts(client: SNSClient, topicArn: string): Alerts {
  return {
    async send(alert) {
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: alert.subject.replace(/[^\x20-\x7e]/g, '?').slice(0, SUBJECT_CHARACTERS_MAX),
          Message: alert.body,
          MessageAttributes: {
            severity: { DataType: 'String', StringValue: alert.severity },
            dedupKey: { DataType: 'String', StringValue: alert.dedupKey },
          },
        }),
      );
    },
  };
}
