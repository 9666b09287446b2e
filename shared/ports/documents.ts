/** Documents and reports by address. */
export interface Documents {
  /** @throws DocumentMissing */
  readText(uri: string): Promise<string>;
  /** Writes once; the same text again is fine. Returns the address. */
  writeText(key: string, text: string, contentType: string): Promise<string>;
}

/** A request that production has answered, with the truth that arrived later. */
export interface LabelledRow {
  readonly inferenceId: string;
  /** The raw row as the caller sent it, JSON text: rows with equal text are one row for statistics. */
  readonly request: string;
  readonly truth: number;
}

export interface LabelledRows {
  /** The newest labelled rows within a time span, at most `limit` distinct ones. */
  recent(query: {
    model: string;
    endpoint: string;
    fromMs: number;
    untilMs: number;
    limit: number;
  }): Promise<readonly LabelledRow[]>;
}
