/** AWS's own services as callers: who they are, and on behalf of which resource they call. */
import type { Principal } from '../kernel/service.ts';

/** A service principal that also says for which resource it acts, as the condition key `aws:SourceArn` does. */
export interface ServicePrincipal {
  readonly kind: 'service';
  readonly name: string;
  readonly sourceArn?: string;
}

/** @param name for instance `events.amazonaws.com`; @param sourceArn for instance the rule's ARN */
export function servicePrincipal(name: string, sourceArn?: string): ServicePrincipal {
  return sourceArn === undefined ? { kind: 'service', name } : { kind: 'service', name, sourceArn };
}

/** The resource on whose behalf a service calls, if it told. */
export function sourceArnOf(principal: Principal): string | undefined {
  return principal.kind === 'service' ? (principal as ServicePrincipal).sourceArn : undefined;
}
