/** A CloudContext for tests of one service: records what the service asks of the cloud, and lets a test answer calls. */
import { Faults } from '../../local/kernel/faults.ts';
import { Kernel } from '../../local/kernel/kernel.ts';
import {
  type AwsEvent,
  type CloudContext,
  type MetricData,
  type Principal,
  type WireInput,
} from '../../local/kernel/service.ts';

export interface FakeCloudContext extends CloudContext {
  readonly events: AwsEvent[];
  readonly metrics: MetricData[];
  readonly logs: { logGroup: string; logStream: string; message: string }[];
  readonly calls: { service: string; operation: string; input: WireInput; principal: Principal }[];
  /** Answers `call`; set by the test. The default refuses. */
  answer: (service: string, operation: string, input: WireInput, principal: Principal) => unknown;
}

export const ROOT = { principal: { kind: 'root' as const }, requestId: 'test-request' };

/** @param seed of the kernel; the run begins at 2026-01-05T00:00:00Z, a Monday */
export function newFakeCloudContext(seed = 1): FakeCloudContext {
  const fake: FakeCloudContext = {
    kernel: new Kernel({ seed, startMs: Date.UTC(2026, 0, 5) }),
    region: 'eu-central-1',
    accountId: '111122223333',
    faults: new Faults(),
    events: [],
    metrics: [],
    logs: [],
    calls: [],
    answer: (service, operation) => {
      throw new Error(`the test did not say how to answer ${service}:${operation}`);
    },
    call: async (service, operation, input, principal) => {
      fake.calls.push({ service, operation, input, principal });
      return await fake.answer(service, operation, input, principal);
    },
    emit: (event) => void fake.events.push(event),
    recordMetric: (data) => void fake.metrics.push(data),
    writeLog: (logGroup, logStream, message) => void fake.logs.push({ logGroup, logStream, message }),
  };
  return fake;
}
