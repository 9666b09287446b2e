/** What could not be recorded waits in a queue. */
import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { type Spool, type SpooledEntry } from '../ports/flow.ts';

/** ReceiveMessage hands out at most ten. */
const MESSAGES_MAX = 10;

export function newSqsSpool(client: SQSClient, queueUrl: string): Spool {
  return {
    async keep(entry) {
      await client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: JSON.stringify(entry) }));
    },
    async drain(apply) {
      const receive = new ReceiveMessageCommand({ QueueUrl: queueUrl, MaxNumberOfMessages: MESSAGES_MAX });
      const { Messages } = await client.send(receive);
      for (const message of Messages ?? []) {
        await apply(JSON.parse(message.Body ?? '') as SpooledEntry);
        await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: message.ReceiptHandle }));
      }
      return Messages?.length ?? 0;
    },
  };
}
