/** Delivery until it succeeds, or its policy is exhausted: back-off in virtual time, then the dead-letter queue. */
import { AwsError } from '../kernel/errors.ts';
import type { Random } from '../kernel/random.ts';
import type { CloudContext, Principal } from '../kernel/service.ts';
import { InvalidTargetInput } from './target-input.ts';
import { queueUrlOf } from './targets.ts';

export interface RetryPolicy {
  /** 0 to 185; 185 if absent. */
  readonly MaximumRetryAttempts?: number;
  /** 60 to 86400; 86400 if absent. */
  readonly MaximumEventAgeInSeconds?: number;
}

/** What became of a delivery. */
export type DeliveryOutcome = 'delivered' | 'dead-lettered' | 'dead-letter-failed' | 'dropped';

export interface DeliveryPlan {
  readonly label: string;
  /** One attempt; `attempt` is 1 for the first. */
  readonly attempt: (attempt: number) => Promise<void>;
  readonly retryPolicy?: RetryPolicy | undefined;
  readonly deadLetter?:
    | {
        readonly queueArn: string;
        readonly principal: Principal;
        readonly body: () => string;
        /** Name -> text, beyond the attributes about the error. */
        readonly attributes: Readonly<Record<string, string>>;
      }
    | undefined;
}

/** AWS says only 'exponential back-off with jitter', 185 times in 24 hours; these bounds give about that many. */
const BACK_OFF = { firstMs: 1_000, longestMs: 600_000 };

/** The retryable half of AWS's errors: the target is overloaded or broken, rather than wrong or forbidden. */
function isRetryable(error: AwsError): boolean {
  return error.statusCode >= 500 || error.statusCode === 429 || /Throttl|TooManyRequests|RequestLimit/.test(error.code);
}

/** AWS's ERROR_CODE of an event in a dead-letter queue. */
function deadLetterCode(error: AwsError | InvalidTargetInput): string {
  if (error instanceof InvalidTargetInput) return 'INVALID_JSON';
  if (/AccessDenied|NotAuthorized|AuthorizationError/.test(error.code)) return 'NO_PERMISSIONS';
  if (/NotFound|DoesNotExist|NonExistent|NoSuch/.test(error.code)) return 'NO_RESOURCE';
  if (/Throttl|TooManyRequests|RequestLimit/.test(error.code) || error.statusCode === 429) return 'THROTTLING';
  if (/Timeout/i.test(error.code)) return 'TIMEOUT';
  if (error.statusCode >= 500) return 'ERROR_FROM_TARGET';
  return /Validation|InvalidParameter|InvalidInput/.test(error.code) ? 'INVALID_PARAMETER' : 'SDK_CLIENT_ERROR';
}

function backOffMs(attempt: number, random: Random): number {
  const ceiling = Math.min(BACK_OFF.longestMs, BACK_OFF.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(ceiling * (0.5 + random.next() / 2));
}

interface Exhaustion {
  readonly error: AwsError | InvalidTargetInput;
  readonly condition?: 'MaximumRetryAttempts' | 'MaximumEventAgeInSeconds';
  readonly retries: number;
}

/** Only errors that AWS could answer with are handled; what the laptop cloud lacks or gets wrong stops the run. */
function asTargetError(error: unknown): AwsError | InvalidTargetInput {
  if (error instanceof InvalidTargetInput) return error;
  if (error instanceof AwsError && error.code !== 'UnsupportedFeature') return error;
  throw error;
}

async function attemptUntilExhausted(
  cloud: CloudContext,
  plan: DeliveryPlan,
  random: Random,
): Promise<Exhaustion | undefined> {
  const maximumRetries = plan.retryPolicy?.MaximumRetryAttempts ?? 185;
  const deadlineMs = cloud.kernel.clock.now() + (plan.retryPolicy?.MaximumEventAgeInSeconds ?? 86_400) * 1000;
  for (let attempt = 1; ; attempt++) {
    try {
      await plan.attempt(attempt);
      return undefined;
    } catch (thrown) {
      const error = asTargetError(thrown);
      const retries = attempt - 1;
      if (error instanceof InvalidTargetInput || !isRetryable(error)) return { error, retries };
      if (retries >= maximumRetries) return { error, condition: 'MaximumRetryAttempts', retries };
      const delayMs = backOffMs(attempt, random);
      if (cloud.kernel.clock.now() + delayMs > deadlineMs) {
        return { error, condition: 'MaximumEventAgeInSeconds', retries };
      }
      await cloud.kernel.clock.sleep(delayMs, `retry ${plan.label}`);
    }
  }
}

async function sendToDeadLetterQueue(
  cloud: CloudContext,
  deadLetter: NonNullable<DeliveryPlan['deadLetter']>,
  { error, condition, retries }: Exhaustion,
): Promise<DeliveryOutcome> {
  const texts: Record<string, string> = {
    ...deadLetter.attributes,
    ERROR_CODE: deadLetterCode(error),
    ERROR_MESSAGE: error.message.slice(0, 1024) || error.name,
    RETRY_ATTEMPTS: String(retries),
    ...(condition && { EXHAUSTED_RETRY_CONDITION: condition }),
  };
  const attributes = Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, { DataType: 'String', StringValue: text }]),
  );
  const message = {
    QueueUrl: queueUrlOf(deadLetter.queueArn),
    MessageBody: deadLetter.body(),
    MessageAttributes: attributes,
  };
  try {
    await cloud.call('sqs', 'SendMessage', message, deadLetter.principal);
    return 'dead-lettered';
  } catch (thrown) {
    const failure = asTargetError(thrown);
    cloud.kernel.trace(`dead-letter ${deadLetter.queueArn} refused: ${failure.message}`);
    return 'dead-letter-failed';
  }
}

/**
 * Attempts a delivery until it succeeds, fails for good or its retry policy is exhausted; then the dead-letter queue
 * gets it, with AWS's message attributes ERROR_CODE, ERROR_MESSAGE, RETRY_ATTEMPTS and EXHAUSTED_RETRY_CONDITION.
 */
export async function deliverWithRetries(
  cloud: CloudContext,
  plan: DeliveryPlan,
  random: Random,
): Promise<DeliveryOutcome> {
  const exhaustion = await attemptUntilExhausted(cloud, plan, random);
  if (!exhaustion) return 'delivered';
  cloud.kernel.trace(`undelivered ${plan.label}: ${exhaustion.error.message}`);
  return plan.deadLetter ? sendToDeadLetterQueue(cloud, plan.deadLetter, exhaustion) : 'dropped';
}
