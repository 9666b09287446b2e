export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
}

export interface Ids {
  /** A new unguessable id of at least 128 bits. */
  next(): string;
}
