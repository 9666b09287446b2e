/** Named faults that a run injects from outside. Everything is off unless somebody turns it on. */
import type { AwsError } from './errors.ts';
import type { AwsEvent, Principal, WireInput } from './service.ts';

/** How a served container misbehaves. Chosen by the SageMaker model's name or by an environment value of its container. */
export interface ContainerFault {
  /** Share of requests answered with HTTP 500. */
  readonly errorRate?: number;
  /** Added to the model latency of each request, milliseconds. */
  readonly extraLatencyMs?: number;
  /** The container never answers /ping. */
  readonly failsToStart?: boolean;
}

export interface CallDescription {
  readonly service: string;
  readonly operation: string;
  readonly input: WireInput;
  readonly principal: Principal;
}

export interface CallFault {
  /** When the effect happens relative to the failure: `before` = no effect; `after` = effect done, answer lost. */
  readonly when: 'before' | 'after';
  readonly error: AwsError;
}

export type EventFault = { readonly kind: 'lose' } | { readonly kind: 'copies'; readonly delaysMs: readonly number[] };

export interface FaultRules {
  /** Asked for each served container; `tags` are its model name, image and artifact. */
  container?: (target: { modelName: string; endpointName: string; variantName: string }) => ContainerFault | undefined;
  call?: (call: CallDescription) => CallFault | undefined;
  /** Asked for each event put on a bus by AWS services and by PutEvents. */
  event?: (event: AwsEvent) => EventFault | undefined;
}

/** The faults of a run; rules are asked in the order in which they were added, and the first answer holds. */
export class Faults {
  readonly #rules = new Map<string, FaultRules>();

  /** Turns a named fault on (or replaces it). */
  inject(name: string, rules: FaultRules): void {
    this.#rules.set(name, rules);
  }

  /** Turns a named fault off. */
  remove(name: string): void {
    this.#rules.delete(name);
  }

  container(target: { modelName: string; endpointName: string; variantName: string }): ContainerFault {
    return this.#first((rules) => rules.container?.(target)) ?? {};
  }

  call(call: CallDescription): CallFault | undefined {
    return this.#first((rules) => rules.call?.(call));
  }

  event(event: AwsEvent): EventFault | undefined {
    return this.#first((rules) => rules.event?.(event));
  }

  #first<T>(ask: (rules: FaultRules) => T | undefined): T | undefined {
    for (const rules of this.#rules.values()) {
      const answer = ask(rules);
      if (answer !== undefined) return answer;
    }
    return undefined;
  }
}
