/** Errors that the laptop cloud answers with: AWS's own names, status codes and messages. */

/** An error that the real service would answer with. `code` is AWS's error name, for instance `ConditionalCheckFailedException`. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly statusCode: number;
  /** Further members of the error's shape, for instance `Item` of a failed condition. */
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, options: { statusCode?: number; fields?: Record<string, unknown> } = {}) {
    super(message);
    this.code = code;
    this.statusCode = options.statusCode ?? 400;
    this.fields = options.fields ?? {};
  }
}

/**
 * The laptop cloud's loud refusal of what it does not know: never ignored in silence, so that a test can't pass on a
 * feature which does nothing. Travels to the caller as HTTP 501 with code `UnsupportedFeature`.
 */
export class UnsupportedFeature extends AwsError {
  constructor(feature: string, remedy = 'see local/FEATURES.md for what is supported') {
    super('UnsupportedFeature', `UnsupportedFeature: ${feature} (${remedy})`, { statusCode: 501 });
  }
}

/** AWS's generic answer to malformed input. */
export function validationError(message: string): AwsError {
  return new AwsError('ValidationException', message);
}
