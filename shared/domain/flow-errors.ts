/** Errors of the flow: literal names, since state machines catch by them. See errors.ts for the base. */
import { DomainError, quote } from './errors.ts';

/** The endpoint is being changed and refuses every further change, a rollback included. */
export class EndpointBusy extends DomainError {
  override readonly name = 'EndpointBusy';
  readonly retryable = true;

  constructor(endpoint: string, status: string) {
    super(`Endpoint ${quote(endpoint)} is ${status} and takes no change now. Ask again when it has settled.`);
  }
}

/** The registry does not let this version be served. */
export class VersionNotDeployable extends DomainError {
  override readonly name = 'VersionNotDeployable';
  readonly retryable = false;

  constructor(version: string, problem: string) {
    super(`Version ${quote(version)} can't be deployed: ${problem}. Approve a completed version.`);
  }
}

/** A version that the registry does not hold. */
export class UnknownVersion extends DomainError {
  override readonly name = 'UnknownVersion';
  readonly retryable = false;

  constructor(version: string) {
    super(`The registry has no version ${quote(version)}. Name a registered one.`);
  }
}

/** A release that nobody has started. */
export class UnknownRelease extends DomainError {
  override readonly name = 'UnknownRelease';
  readonly retryable = false;

  constructor(releaseId: string) {
    super(`There is no release ${quote(releaseId)}. It starts when a version is registered as pending.`);
  }
}

/** The same release id with other content. */
export class ReleaseConflict extends DomainError {
  override readonly name = 'ReleaseConflict';
  readonly retryable = false;

  constructor(releaseId: string, problem: string) {
    super(
      `Release ${quote(releaseId)} exists with other content: ${problem}. Register the candidate as a new version.`,
    );
  }
}

/** An id that was used before. */
export class RolloutExists extends DomainError {
  override readonly name = 'RolloutExists';
  readonly retryable = false;

  constructor(rolloutId: string) {
    super(`Rollout ${quote(rolloutId)} exists already. Ids are never used twice.`);
  }
}

/** There is nothing to wait for: what would end the wait is stored. */
export class SignalAlreadyThere extends DomainError {
  override readonly name = 'SignalAlreadyThere';
  readonly retryable = false;

  constructor(wait: string) {
    super(`What ${quote(wait)} waits for is stored already. Go on without waiting.`);
  }
}

/** An alarm, an operator or the dead man's switch has stopped the rollout. */
export class RolloutStopped extends DomainError {
  override readonly name = 'RolloutStopped';
  readonly retryable = false;

  constructor(rolloutId: string, reason: string) {
    super(`Rollout ${quote(rolloutId)} was stopped: ${reason}. The champion gets all traffic back.`);
  }
}

/** Neither success nor failure of a change can be read back yet. */
export class NotSettled extends DomainError {
  override readonly name = 'NotSettled';
  readonly retryable = true;

  constructor(endpoint: string, detail: string) {
    super(`Endpoint ${quote(endpoint)} has not settled: ${detail}. Look again later.`);
  }
}

/** An invocation too near to its end to begin a change of the world. */
export class NotEnoughTime extends DomainError {
  override readonly name = 'NotEnoughTime';
  readonly retryable = true;

  constructor(action: string, leftMs: number, neededMs: number) {
    super(
      `${quote(action)} needs up to ${neededMs} ms for all its attempts and ${leftMs} ms are left. Call again in a fresh invocation.`,
    );
  }
}

/** The table is throttled or cannot be reached. */
export class StoreUnavailable extends DomainError {
  override readonly name = 'StoreUnavailable';
  readonly retryable = true;

  constructor(operation: string, cause: string) {
    super(
      `The table does not answer ${quote(operation)}: ${cause}. Forward steps wait; a rollback goes on without it.`,
    );
  }
}

/** A candidate that may not get traffic. */
export class CandidateRefused extends DomainError {
  override readonly name = 'CandidateRefused';
  readonly retryable = false;

  constructor(version: string, problem: string) {
    super(`Version ${quote(version)} is refused: ${problem}. Mend it and register a new version.`);
  }
}

/** Somebody promoted another version in between. */
export class ChampionChanged extends DomainError {
  override readonly name = 'ChampionChanged';
  readonly retryable = false;

  constructor(model: string, expected: string, found: string) {
    super(
      `The champion of ${quote(model)} is ${quote(found)}, not ${quote(expected)} as decided on. Start again from the present champion.`,
    );
  }
}

/** The endpoint does not serve its champion alone. */
export class EndpointNotAtRest extends DomainError {
  override readonly name = 'EndpointNotAtRest';
  readonly retryable = true;

  constructor(endpoint: string, detail: string) {
    super(`Endpoint ${quote(endpoint)} is not at rest: ${detail}. Wait for the reconciler, or abort what runs on it.`);
  }
}

/** The metric source fails: neither pass nor failure. */
export class MetricsUnreadable extends DomainError {
  override readonly name = 'MetricsUnreadable';
  readonly retryable = true;

  constructor(query: string, cause: string) {
    super(`Metrics of ${quote(query)} can't be read: ${cause}. The next look tries again.`);
  }
}

/** The bus refused events. */
export class EventsNotAccepted extends DomainError {
  override readonly name = 'EventsNotAccepted';
  readonly retryable = true;

  constructor(detailTypes: readonly string[], cause: string) {
    super(`The bus refused ${detailTypes.map(quote).join(', ')}: ${cause}. Put them again.`);
  }
}

/** A deterministic execution name with other input. */
export class ExecutionConflict extends DomainError {
  override readonly name = 'ExecutionConflict';
  readonly retryable = false;

  constructor(name: string) {
    super(
      `An execution named ${quote(name)} ran with other input. Names are made of what they are for: look for the other cause.`,
    );
  }
}

/** A training pipeline that is not deployed. */
export class UnknownPipeline extends DomainError {
  override readonly name = 'UnknownPipeline';
  readonly retryable = false;

  constructor(pipeline: string) {
    super(`There is no pipeline ${quote(pipeline)}. Deploy it, or name another.`);
  }
}

/** A document that is not there. */
export class DocumentMissing extends DomainError {
  override readonly name = 'DocumentMissing';
  readonly retryable = false;

  constructor(uri: string) {
    super(`There is no document at ${quote(uri)}. Write it first.`);
  }
}

/** A token that somebody completed without a decision. */
export class DecisionMissing extends DomainError {
  override readonly name = 'DecisionMissing';
  readonly retryable = false;

  constructor(releaseId: string) {
    super(
      `The wait for ${quote(releaseId)} ended without a stored decision. That is not an approval: decide through the registry.`,
    );
  }
}

/** An alarm that the catalog does not know. */
export class UnknownAlarm extends DomainError {
  override readonly name = 'UnknownAlarm';
  readonly retryable = false;

  constructor(alarm: string) {
    super(`Alarm ${quote(alarm)} guards nothing that the catalog knows. Remove the alarm or the rule that sends it.`);
  }
}

/** There is no previous version that could be brought back. */
export class NothingToRollBackTo extends DomainError {
  override readonly name = 'NothingToRollBackTo';
  readonly retryable = false;

  constructor(model: string, problem: string) {
    super(`${quote(model)} can't be rolled back: ${problem}. Retrain, or approve an older version.`);
  }
}

/** A stop for a model that is not being rolled out. */
export class NoRolloutUnderWay extends DomainError {
  override readonly name = 'NoRolloutUnderWay';
  readonly retryable = false;

  constructor(model: string) {
    super(`No rollout of ${quote(model)} is under way. There is nothing to stop.`);
  }
}

/** An event on the bus that no contract describes. */
export class UnknownEvent extends DomainError {
  override readonly name = 'UnknownEvent';
  readonly retryable = false;

  constructor(detailType: string, source: string) {
    super(
      `No contract knows event ${quote(detailType)} of source ${quote(source)}. Put one of those in events/published.`,
    );
  }
}
