/** One queue: messages, visibility, order of groups, deduplication. Times are virtual epoch milliseconds. */
import type { Random } from '../kernel/random.ts';
import type { MessageAttributes } from './digest.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAtMs: number;
  readonly senderId: string;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sequenceNumber: string | undefined;
  readonly traceHeader: string | undefined;
  visibleAtMs: number;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
  /** Of the last receive; undefined before the first. */
  receiptHandle: string | undefined;
  /** The queue from which a redrive policy moved it. */
  deadLetterSourceArn: string | undefined;
}

/** A duplicate within this time is accepted and not delivered. */
const DEDUPLICATION_MS = 300_000;

export class Queue {
  readonly name: string;
  readonly arn: string;
  readonly url: string;
  readonly createdAtMs: number;
  modifiedAtMs: number;
  attributes: Map<string, string>;
  readonly tags = new Map<string, string>();
  messages: Message[] = [];
  readonly #deduplication = new Map<string, { readonly atMs: number; readonly message: Message }>();
  #sequence = 0n;
  purgedAtMs: number | undefined;

  constructor(identity: { name: string; arn: string; url: string; nowMs: number }, attributes: Map<string, string>) {
    this.name = identity.name;
    this.arn = identity.arn;
    this.url = identity.url;
    this.createdAtMs = identity.nowMs;
    this.modifiedAtMs = identity.nowMs;
    this.attributes = attributes;
  }

  get isFifo(): boolean {
    return this.name.endsWith('.fifo');
  }

  /** A numeric attribute. */
  number(attribute: string): number {
    return Number(this.attributes.get(attribute));
  }

  nextSequenceNumber(): string {
    this.#sequence++;
    return (18_870_000_000_000_000_000n + this.#sequence * 256n).toString();
  }

  /** The earlier message with this deduplication id, within five minutes. */
  duplicateOf(deduplicationId: string, nowMs: number): Message | undefined {
    const known = this.#deduplication.get(deduplicationId);
    return known && nowMs - known.atMs < DEDUPLICATION_MS ? known.message : undefined;
  }

  add(message: Message, nowMs: number): void {
    if (message.deduplicationId !== undefined) {
      this.#deduplication.set(message.deduplicationId, { atMs: nowMs, message });
    }
    this.messages.push(message);
  }

  /** Forgets messages that are older than the retention period. */
  expire(nowMs: number): void {
    const oldestMs = nowMs - this.number('MessageRetentionPeriod') * 1000;
    if (this.messages.some(({ sentAtMs }) => sentAtMs < oldestMs)) {
      this.messages = this.messages.filter(({ sentAtMs }) => sentAtMs >= oldestMs);
    }
  }

  /** Messages that a receive could return now, in order. In a FIFO queue a message in flight holds back its group. */
  receivable(nowMs: number): Message[] {
    this.expire(nowMs);
    if (!this.isFifo) return this.messages.filter(({ visibleAtMs }) => visibleAtMs <= nowMs);
    const blocked = new Set<string>();
    return this.messages.filter((message) => {
      if (message.visibleAtMs > nowMs) blocked.add(message.groupId!);
      return !blocked.has(message.groupId!);
    });
  }

  /** When the next hidden message may be received; undefined when none is hidden. */
  nextVisibleAtMs(nowMs: number): number | undefined {
    const hidden = this.messages.map(({ visibleAtMs }) => visibleAtMs).filter((atMs) => atMs > nowMs);
    return hidden.length === 0 ? undefined : hidden.reduce((a, b) => Math.min(a, b));
  }

  /** Marks a message as received: hidden until the visibility timeout ends, with a new receipt. */
  receive(message: Message, visibilitySeconds: number, nowMs: number, random: Random): string {
    message.receiveCount++;
    message.firstReceivedAtMs ??= nowMs;
    message.visibleAtMs = nowMs + visibilitySeconds * 1000;
    message.receiptHandle = Buffer.from(`${message.id}/${random.hex(24)}`).toString('base64');
    return message.receiptHandle;
  }

  /** Visible, in flight and delayed: as GetQueueAttributes counts them. */
  counts(nowMs: number): { visible: number; inFlight: number; delayed: number } {
    this.expire(nowMs);
    const hidden = this.messages.filter(({ visibleAtMs }) => visibleAtMs > nowMs);
    const inFlight = hidden.filter(({ receiveCount }) => receiveCount > 0).length;
    return { visible: this.messages.length - hidden.length, inFlight, delayed: hidden.length - inFlight };
  }
}
