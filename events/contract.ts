/** One definition, three uses: rule pattern, consumer validation, producer typing. */
import * as z from 'zod/mini';

/** The source of every event that Switchyard puts on its own bus. */
export const SOURCE = 'switchyard';

export interface EventContract<Detail> {
  /** `<subject>.<past participle>.v<version>`; a field that is added as optional keeps the version, all else makes a new one. */
  readonly detailType: string;
  readonly schema: z.ZodMiniType<Detail>;
  /** A valid detail: test data of producers and consumers, and of the published documentation. */
  readonly example: Detail;
}

/** An event ready for a bus. */
export interface OutgoingEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: unknown;
}

/** Envelope of an event on a bus. EventBridge adds more fields; these are the ones that consumers may rely on. */
export interface IncomingEvent<Detail> {
  readonly id: string;
  readonly source: string;
  readonly 'detail-type': string;
  readonly time: string;
  readonly detail: Detail;
}

/** Declares a contract; the example is checked by the contract tests, not at import. */
export function defineEvent<Detail>(contract: EventContract<Detail>): EventContract<Detail> {
  return contract;
}

/**
 * Builds an event of a contract.
 * @throws z.core.$ZodError when the detail does not fit: a programming error of the producer
 */
export function build<Detail>(contract: EventContract<Detail>, detail: Detail): OutgoingEvent {
  return { source: SOURCE, detailType: contract.detailType, detail: z.parse(contract.schema, detail) };
}

/** The schema of a whole event of a contract, as a consumer receives it. */
export function incoming<Detail>(contract: EventContract<Detail>): z.ZodMiniType<IncomingEvent<Detail>> {
  return z.object({
    id: z.string(),
    source: z.literal(SOURCE),
    'detail-type': z.literal(contract.detailType),
    time: z.string(),
    detail: contract.schema,
  });
}

/** Names of models: what every event's `model` must look like. Whether the catalog knows it is the consumer's question. */
export const modelName = z.string().check(z.regex(/^[a-z][a-z0-9-]{0,39}$/));
export const identifier = z.string().check(z.minLength(1), z.maxLength(256));
export const freeText = z.string().check(z.maxLength(1024));
