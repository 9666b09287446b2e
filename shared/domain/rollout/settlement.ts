/** What an endpoint was asked to become, and what it was before. */
export interface EndpointIntent {
  readonly configuration: string;
  /** Weight per variant name: absolute, and complete. A variant that is not named here must not be there. */
  readonly weights: Readonly<Record<string, number>>;
  /** The state before the change: how a silent return to it is told from a stranger's change. */
  readonly previous?: EndpointState | undefined;
}

export interface EndpointState {
  readonly configuration: string;
  readonly weights: Readonly<Record<string, number>>;
}

/** What was read back. `CHANGING` covers every state in which the endpoint is between two configurations. */
export interface EndpointReading {
  readonly status: 'IN_SERVICE' | 'CHANGING' | 'FAILED' | 'DELETING';
  readonly configuration: string;
  /** True while a change of configuration is pending. */
  readonly changePending: boolean;
  readonly failureReason?: string | undefined;
  readonly variants: readonly VariantReading[];
}

export interface VariantReading {
  readonly variant: string;
  readonly currentWeight: number;
  /** The platform's own target; unequal to the current weight while a change is under way. */
  readonly desiredWeight: number;
}

export interface Difference {
  readonly what: string;
  readonly expected: string;
  readonly observed: string;
}

/** `MISMATCH` includes a failed endpoint and a stranger's change; only `SETTLED` permits the next step, or a deletion. */
export type Settlement =
  | { readonly kind: 'SETTLED' }
  | { readonly kind: 'STILL_UPDATING' }
  | {
      readonly kind: 'SILENT_ROLLBACK';
      readonly failureReason: string | null;
      readonly differences: readonly Difference[];
    }
  | { readonly kind: 'MISMATCH'; readonly failureReason: string | null; readonly differences: readonly Difference[] };

/**
 * "Read back what you wrote." Being in service is not success, since an endpoint can come back in service with its old
 * configuration and without a reason. Success is all of: in service, the asked configuration, no update pending, no
 * failure reason, and every variant's current and desired weight as asked. Only meaningful for a reading made after the
 * platform has accepted the change: an earlier one looks like a silent rollback.
 */
export function confirmSettled(intent: EndpointIntent, observed: EndpointReading): Settlement {
  if (observed.status === 'CHANGING' || (observed.status === 'IN_SERVICE' && observed.changePending)) {
    return { kind: 'STILL_UPDATING' };
  }
  const failureReason =
    observed.failureReason === undefined || observed.failureReason === '' ? null : observed.failureReason;
  const differences = differencesTo(intent, observed);
  if (failureReason !== null) {
    differences.push({ what: 'failure reason', expected: 'none', observed: failureReason });
  }
  if (differences.length === 0) return { kind: 'SETTLED' };
  const inService = observed.status === 'IN_SERVICE';
  if (inService && intent.previous !== undefined && differencesOfState(intent.previous, observed).length === 0) {
    return { kind: 'SILENT_ROLLBACK', failureReason, differences };
  }
  // Weights move in a call of their own; current and desired can differ for a moment after the status has settled.
  if (inService && failureReason === null && onlyWeightsInMotion(intent, observed)) return { kind: 'STILL_UPDATING' };
  return { kind: 'MISMATCH', failureReason, differences };
}

function differencesTo(intent: EndpointIntent, observed: EndpointReading): Difference[] {
  const differences: Difference[] = [];
  if (observed.status !== 'IN_SERVICE') {
    differences.push({ what: 'status', expected: 'IN_SERVICE', observed: observed.status });
  }
  return [...differences, ...differencesOfState(intent, observed)];
}

function differencesOfState(state: EndpointState, observed: EndpointReading): Difference[] {
  const differences: Difference[] = [];
  const differ = (what: string, expected: unknown, seen: unknown): void => {
    if (expected !== seen) differences.push({ what, expected: String(expected), observed: String(seen) });
  };
  differ('configuration', state.configuration, observed.configuration);
  const variants = new Map(observed.variants.map((variant) => [variant.variant, variant]));
  for (const [name, weight] of Object.entries(state.weights)) {
    const variant = variants.get(name);
    if (variant === undefined) {
      differ(`variant ${name}`, `weight ${weight}`, 'absent');
      continue;
    }
    differ(`current weight of ${name}`, weight, variant.currentWeight);
    differ(`desired weight of ${name}`, weight, variant.desiredWeight);
  }
  for (const variant of observed.variants) {
    if (Object.hasOwn(state.weights, variant.variant)) continue;
    differ(`variant ${variant.variant}`, 'absent', `weight ${variant.currentWeight}`);
  }
  return differences;
}

/** All that differs is a current weight whose desired weight is already the asked one. */
function onlyWeightsInMotion(intent: EndpointIntent, observed: EndpointReading): boolean {
  const arrived = observed.variants.map((variant) => ({ ...variant, currentWeight: variant.desiredWeight }));
  return differencesOfState(intent, { ...observed, variants: arrived }).length === 0;
}
