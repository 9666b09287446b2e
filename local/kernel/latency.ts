/** How slow AWS is, in one table. Assumed ranges (AWS documents none of them), drawn by seed; see local/FEATURES.md. */
export const SLOWNESS = {
  /** A metric minute can be read this long after its end. */
  metricReadableAfterMs: { min: 60_000, max: 180_000 },
  /** CloudWatch evaluates each alarm this often. */
  alarmEvaluationMs: 60_000,
  /** EventBridge Scheduler fires up to this late. */
  schedulerLateMs: { min: 0, max: 60_000 },
  /** A change of weights keeps the endpoint `Updating`. */
  weightChangeMs: { min: 60_000, max: 300_000 },
  /** Provisioning of a new variant or endpoint. */
  variantProvisioningMs: { min: 240_000, max: 600_000 },
  /** Removing a variant. */
  variantRemovalMs: { min: 60_000, max: 180_000 },
  /** How long a container that never answers /ping is tried before SageMaker gives up. */
  containerStartGiveUpMs: { min: 600_000, max: 900_000 },
  /** SageMaker's own events reach the bus. */
  serviceEventMs: { min: 200, max: 5_000 },
  /** Start of a training, processing or transform instance. */
  jobStartMs: { min: 120_000, max: 300_000 },
} as const;
