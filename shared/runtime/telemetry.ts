/** Logs and metrics of one function. Metrics travel in log lines (EMF): no call, nothing to fail. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

export interface Telemetry {
  readonly logger: Logger;
  /** Counts one occurrence under a name; `about` becomes searchable metadata of the line, not a dimension. */
  count(metric: string, about?: Readonly<Record<string, string>>): void;
  /** Writes what was counted; called once an invocation. */
  flush(): void;
}

export const METRICS_NAMESPACE = 'Switchyard';

/** @param functionName the function's room, e.g. `open-rollout`: dimension of its metrics and service of its log lines */
export function newTelemetry(functionName: string): Telemetry {
  const logger = new Logger({ serviceName: functionName });
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: functionName });
  return {
    logger,
    count(metric, about = {}) {
      metrics.addMetric(metric, MetricUnit.Count, 1);
      for (const [key, value] of Object.entries(about)) metrics.addMetadata(key, value);
    },
    flush: () => {
      if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
    },
  };
}
