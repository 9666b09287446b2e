/** An AWS-protocol request and response, as they travel: from the SDK's requestHandler or from the loopback port. */

export interface WireRequest {
  readonly method: string;
  /** Path as sent (percent-encoded), without the query string. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}
