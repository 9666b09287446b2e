/** The shape of one row of the catalog: everything that Switchyard needs to know of a model. Types only. */
import { type RolloutPolicy } from '../domain/rollout/policy.ts';

/** How good a candidate must be, by its evaluation report, to be registered. */
export interface QualityGate {
  /** Dotted path to the value in the evaluation report, e.g. `regression_metrics.mape.value`. */
  readonly metric: string;
  readonly bound: 'at-most' | 'at-least';
  readonly threshold: number;
}

/** When the model is retrained without anybody asking. */
export interface RetrainingSchedule {
  /** EventBridge Scheduler expression, UTC. */
  readonly expression: string;
  /** Shortest time between two runs in minutes: a rollout must fit into it. */
  readonly periodMinutes: number;
}

/** What happens to a newer candidate while an older one is under way: never to a running rollout. */
export type SupersedePolicy = 'refuse' | 'queue-latest';

/** Traffic that the planner reckons with. */
export interface ExpectedTraffic {
  readonly requestsPerMinute: number;
  /** Share of the champion's requests that fail for reasons of their own, 0 to 1. */
  readonly errorShare: number;
}

export interface ServingCapacity {
  readonly instanceType: string;
  readonly instanceCount: number;
  /** Share of requests whose input and output are captured, in per cent. */
  readonly capturePercent: number;
}

/** Alarm on a business figure that the model is there for. */
export interface BusinessMetric {
  readonly name: string;
  readonly bound: 'at-most' | 'at-least';
  readonly threshold: number;
}

export interface DriftPolicy {
  /** Robust L-infinity distance of a feature above which it counts as drifted. */
  readonly featureDistance: number;
  /** Importance-weighted share of drifted features above which the data counts as drifted. */
  readonly driftedShare: number;
  readonly minRows: number;
}

/** How far the two versions of a batch model may differ. */
export interface ShadowPolicy {
  readonly kind: 'classification' | 'regression' | 'clustering';
  /** The one-sided 95 % lower bound of agreement must lie above this share. */
  readonly agreementShare: number;
  readonly minRows: number;
}

export interface ApprovalPolicy {
  /** Minutes after which an unanswered approval expires. */
  readonly ttlMinutes: number;
  /** Who may decide where a door knows the person. The registry's door does not: there, its own permissions decide. */
  readonly approvers: readonly string[];
}

export type RiskClass = 'minimal' | 'limited' | 'high';

interface ModelBasics {
  readonly name: string;
  readonly purpose: string;
  readonly algorithm: string;
  /** Team that is told about incidents. */
  readonly owner: string;
  readonly riskClass: RiskClass;
  readonly schedule: RetrainingSchedule;
  readonly supersede: SupersedePolicy;
  readonly gates: readonly QualityGate[];
  readonly drift: DriftPolicy;
  readonly approval: ApprovalPolicy;
  readonly businessMetric: BusinessMetric;
}

export interface RealTimeModel extends ModelBasics {
  readonly endpointType: 'real-time';
  readonly traffic: ExpectedTraffic;
  readonly serving: ServingCapacity;
  readonly rollout: RolloutPolicy;
}

export interface BatchModel extends ModelBasics {
  readonly endpointType: 'batch';
  readonly shadow: ShadowPolicy;
}

export type ModelDefinition = RealTimeModel | BatchModel;
