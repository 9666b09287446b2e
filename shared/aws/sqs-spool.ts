/** What could not be recorded waits in a queue. */
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type Spool } from '../ports/flow.ts';

export function newSqsSpool(client: SQSClient, queueUrl: string): Spool {
  return {
    async keep(entry) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(entry) }));
    },
  };
}
