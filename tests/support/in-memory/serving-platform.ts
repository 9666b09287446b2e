/**
 * A serving platform whose changes take time by a test clock: while an endpoint is `CHANGING` it shows the old
 * configuration and weights and refuses every further change; a change may fail in silence.
 */
import { EndpointBusy } from '../../../shared/domain/flow-errors.ts';
import {
  type ConfigurationSpec,
  type EndpointStatus,
  type ObservedEndpoint,
  type Reply,
  type Servable,
  type ServingPlatform,
} from '../../../shared/ports/serving-platform.ts';
import { faulty, type Faults } from './faults.ts';
import { type TestClock } from './test-clock.ts';

interface Variant {
  readonly servable: string;
  readonly weight: number;
  readonly instances: number;
}

interface Endpoint {
  status: EndpointStatus;
  rawStatus: string;
  failureReason?: string;
  configuration: string;
  variants: Map<string, Variant>;
  tags: Record<string, string>;
  change?: {
    readonly doneAtMs: number;
    readonly desired: Record<string, number>;
    readonly apply: () => void;
    readonly pending: boolean;
  };
}

export interface Asked {
  readonly endpoint: string;
  readonly variant: string;
  readonly servable: string;
  readonly body: string;
  readonly contentType: string;
}

/** The generic error that stands for everything a platform refuses. */
export class PlatformRefusal extends Error {
  override readonly name = 'ValidationException';
}

export interface InMemoryPlatform extends ServingPlatform {
  readonly asked: Asked[];
  readonly deleted: string[];
  /** Whether the next change of configuration ends as asked, falls back in silence, or breaks the endpoint. */
  nextChange: 'LANDS' | 'SILENT_ROLLBACK' | 'FAILS';
  weightsTakeMs: number;
  provisioningTakesMs: number;
  deletingTakesMs: number;
  /** What a servable answers. */
  answer: (asked: Asked) => Omit<Reply, 'variant'> & { readonly variant?: string };
  /** Sets a scene: an endpoint at rest. */
  place(
    endpoint: string,
    configuration: string,
    variants: Readonly<Record<string, readonly [servable: string, weight: number]>>,
  ): void;
  /** A stranger's doing: the weights are others at once. */
  meddle(endpoint: string, weights: Readonly<Record<string, number>>): void;
  setStatus(endpoint: string, status: EndpointStatus, rawStatus: string, failureReason?: string): void;
  weightsOf(endpoint: string): Record<string, number> | undefined;
}

export function newInMemoryPlatform(clock: TestClock, faults: Faults): InMemoryPlatform {
  const endpoints = new Map<string, Endpoint>();
  const configurations = new Map<string, ConfigurationSpec>();
  const servables = new Map<string, Servable>();

  const current = (name: string): Endpoint | undefined => {
    const endpoint = endpoints.get(name);
    if (!endpoint?.change || clock.nowMs() < endpoint.change.doneAtMs) return endpoint;
    const { apply } = endpoint.change;
    delete endpoint.change;
    apply();
    return endpoints.get(name);
  };
  const changeable = (name: string): Endpoint => {
    const endpoint = current(name);
    if (!endpoint) throw new PlatformRefusal(`Could not find endpoint "${name}".`);
    if (endpoint.change) throw new EndpointBusy(name, endpoint.rawStatus);
    return endpoint;
  };
  const specOf = (name: string): ConfigurationSpec => {
    const spec = configurations.get(name);
    if (!spec) throw new PlatformRefusal(`Could not find endpoint configuration "${name}".`);
    return spec;
  };
  const begin = (
    endpoint: Endpoint,
    takesMs: number,
    desired: Record<string, number>,
    pending: boolean,
    apply: () => void,
  ): void => {
    endpoint.status = 'CHANGING';
    endpoint.rawStatus = 'Updating';
    const settle = (): void => {
      endpoint.status = 'IN_SERVICE';
      endpoint.rawStatus = 'InService';
      apply();
    };
    endpoint.change = { doneAtMs: clock.nowMs() + takesMs, desired, apply: settle, pending };
  };

  const controls = {
    asked: [] as Asked[],
    deleted: [] as string[],
    nextChange: 'LANDS' as InMemoryPlatform['nextChange'],
    weightsTakeMs: 120_000,
    provisioningTakesMs: 300_000,
    deletingTakesMs: 60_000,
    answer: ({ body }: Asked): Omit<Reply, 'variant'> =>
      body === '{}' || body === 'no json'
        ? { statusCode: 400, body: 'missing fields' }
        : {
            statusCode: 200,
            body: body
              .split('\n')
              .map(() => '{"prediction":1}')
              .join('\n'),
          },
  };

  /** Variants of a configuration; those whose name stays keep their live weight and count. */
  const landed = (endpoint: Endpoint, spec: ConfigurationSpec): Map<string, Variant> =>
    new Map(
      spec.variants.map((each) => {
        const live = endpoint.variants.get(each.variant);
        const weight = live?.weight ?? each.initialWeight;
        return [
          each.variant,
          { servable: each.servable.name, weight, instances: live?.instances ?? each.instanceCount },
        ];
      }),
    );

  const port: ServingPlatform = {
    observe: async (name): Promise<ObservedEndpoint | undefined> => {
      const endpoint = current(name);
      if (!endpoint) return undefined;
      return {
        endpoint: name,
        status: endpoint.status,
        rawStatus: endpoint.rawStatus,
        configuration: endpoint.configuration,
        changePending: endpoint.change?.pending ?? false,
        ...(endpoint.failureReason === undefined ? {} : { failureReason: endpoint.failureReason }),
        variants: [...endpoint.variants].map(([variant, { servable, weight, instances }]) => ({
          variant,
          servable,
          currentWeight: weight,
          desiredWeight: endpoint.change?.desired[variant] ?? weight,
          currentInstances: instances,
          desiredInstances: instances,
        })),
      };
    },
    prepare: async (servable) => {
      servables.set(servable.name, servable);
    },
    configure: async (spec) => {
      if (!configurations.has(spec.configuration)) configurations.set(spec.configuration, spec);
    },
    createEndpoint: async (name, configuration, tags) => {
      if (current(name)) return;
      const spec = specOf(configuration);
      const endpoint: Endpoint = {
        status: 'CHANGING',
        rawStatus: 'Creating',
        configuration,
        variants: new Map(),
        tags: { ...tags },
      };
      endpoints.set(name, endpoint);
      const outcome = controls.nextChange;
      controls.nextChange = 'LANDS';
      begin(endpoint, controls.provisioningTakesMs, {}, false, () => {
        if (outcome !== 'LANDS') {
          Object.assign(endpoint, {
            status: 'FAILED',
            rawStatus: 'Failed',
            failureReason: 'the container did not come up',
          });
        }
        endpoint.variants = landed(endpoint, spec);
      });
      endpoint.rawStatus = 'Creating';
    },
    changeConfiguration: async (name, configuration) => {
      const endpoint = changeable(name);
      const spec = specOf(configuration);
      const outcome = controls.nextChange;
      controls.nextChange = 'LANDS';
      begin(endpoint, controls.provisioningTakesMs, {}, true, () => {
        if (outcome === 'LANDS') {
          endpoint.variants = landed(endpoint, spec);
          endpoint.configuration = configuration;
        } else if (outcome === 'FAILS') {
          Object.assign(endpoint, {
            status: 'FAILED',
            rawStatus: 'UpdateRollbackFailed',
            failureReason: 'no capacity',
          });
        }
      });
    },
    setWeights: async (name, weights) => {
      const endpoint = changeable(name);
      for (const variant of Object.keys(weights)) {
        if (!endpoint.variants.has(variant))
          throw new PlatformRefusal(`Variant ${variant} is not on endpoint ${name}.`);
      }
      begin(endpoint, controls.weightsTakeMs, { ...weights }, false, () => {
        for (const [variant, weight] of Object.entries(weights)) {
          endpoint.variants.set(variant, { ...endpoint.variants.get(variant)!, weight });
        }
      });
    },
    label: async (name, tags) => {
      Object.assign(endpoints.get(name)?.tags ?? {}, tags);
    },
    labels: async (name) => ({ ...endpoints.get(name)?.tags }),
    deleteEndpoint: async (name) => {
      const endpoint = current(name);
      if (!endpoint || endpoint.status === 'DELETING') return;
      if (endpoint.change) throw new EndpointBusy(name, endpoint.rawStatus);
      controls.deleted.push(name);
      begin(endpoint, controls.deletingTakesMs, {}, false, () => endpoints.delete(name));
      endpoint.status = 'DELETING';
      endpoint.rawStatus = 'Deleting';
    },
    deleteConfiguration: async (name) => {
      controls.deleted.push(name);
      configurations.delete(name);
    },
    deleteServable: async (name) => {
      controls.deleted.push(name);
      servables.delete(name);
    },
    inventory: async (name) => ({
      configurations: [...configurations.keys()].filter((each) => each.startsWith(`${name}-`)),
      servables: [...servables.keys()].filter((each) => each.startsWith(`${name}-`)),
    }),
    ask: async (name, variant, body, contentType) => {
      const servable = current(name)?.variants.get(variant)?.servable;
      if (servable === undefined) throw new PlatformRefusal(`Variant ${variant} is not on endpoint ${name}.`);
      const asked = { endpoint: name, variant, servable, body, contentType };
      controls.asked.push(asked);
      return { variant, ...controls.answer(asked) };
    },
  };

  return Object.assign(controls, faulty('platform', faults, port), {
    place: (
      name: string,
      configuration: string,
      variants: Readonly<Record<string, readonly [string, number]>>,
    ): void => {
      const entries = Object.entries(variants);
      configurations.set(configuration, {
        configuration,
        capturePercent: 0,
        captureUri: '',
        variants: entries.map(([variant, [servable, initialWeight]]) => ({
          variant,
          servable: { name: servable, version: servable },
          initialWeight,
          instanceType: 'ml.c7g.large',
          instanceCount: 2,
        })),
      });
      for (const [, [servable]] of entries) servables.set(servable, { name: servable, version: servable });
      const live = new Map(
        entries.map(([variant, [servable, weight]]) => [variant, { servable, weight, instances: 2 }]),
      );
      endpoints.set(name, { status: 'IN_SERVICE', rawStatus: 'InService', configuration, variants: live, tags: {} });
    },
    meddle: (name: string, weights: Readonly<Record<string, number>>): void => {
      const { variants } = endpoints.get(name)!;
      for (const [variant, weight] of Object.entries(weights)) {
        variants.set(variant, { ...variants.get(variant)!, weight });
      }
    },
    setStatus: (name: string, status: EndpointStatus, rawStatus: string, failureReason?: string): void => {
      Object.assign(current(name)!, {
        status,
        rawStatus,
        ...(failureReason === undefined ? {} : { failureReason }),
      });
    },
    weightsOf: (name: string): Record<string, number> | undefined => {
      const endpoint = current(name);
      return endpoint && Object.fromEntries([...endpoint.variants].map(([variant, each]) => [variant, each.weight]));
    },
  });
}
