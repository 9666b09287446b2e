/** What the operations on messages ask of the account's queues. */
import type { CloudContext } from '../kernel/service.ts';
import type { Queue } from './queue.ts';

export interface QueueDirectory {
  /** @throws AwsError QueueDoesNotExist */
  byUrl(url: unknown): Queue;
  byArn(arn: string): Queue | undefined;
  /** Tells that the queue's content changed: wakes those who wait, keeps the metrics going. */
  changed(queue: Queue): void;
}

/** Counts an event of a queue in CloudWatch. */
export function count(cloud: CloudContext, queue: Queue, name: string, value: number): void {
  const dimensions = { QueueName: queue.name };
  cloud.recordMetric({ namespace: 'AWS/SQS', name, dimensions, values: [value], unit: 'Count' });
}
