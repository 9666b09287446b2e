/**
 * Defects that story 2 must not survive. Each is planted where the real one would be: in a function's dependencies, or in
 * what it sends.
 */
import { type Tamper } from '../../local/launch/functions.ts';
import { type World } from '../../local/launch/world.ts';
import { type RolloutStore } from '../../shared/ports/rollout-store.ts';
import { type ObservedEndpoint, type ServingPlatform } from '../../shared/ports/serving-platform.ts';

export interface Mutant {
  readonly what: string;
  readonly tamper?: Tamper;
  readonly onWorld?: (world: World) => void;
}

interface Room {
  readonly platform: ServingPlatform;
  readonly rollouts: RolloutStore;
}

const inRooms =
  (rooms: readonly string[], mutate: (deps: Room) => ServingPlatform): Tamper =>
  (room, dependencies) =>
    rooms.includes(room) ? { ...dependencies, platform: mutate(dependencies as Room) } : dependencies;

/**
 * As soon as the request for another configuration is taken, the one in use is deleted. The functions' own roles forbid that
 * to most of them, which would save the story; so it is done with rights that a careless role would have.
 */
function deletingAtOnce(): Mutant {
  let world: World | undefined;
  const mutate = ({ platform }: Room): ServingPlatform => ({
    ...platform,
    async changeConfiguration(endpoint, configuration) {
      const EndpointConfigName = (await platform.observe(endpoint))?.configuration;
      await platform.changeConfiguration(endpoint, configuration);
      await world?.cloud.context.call('sagemaker', 'DeleteEndpointConfig', { EndpointConfigName }, { kind: 'root' });
    },
  });
  return {
    what: 'the configuration in use is deleted before the next one was read back',
    tamper: inRooms(['add-challenger', 'remove-challenger'], mutate),
    onWorld: (opened) => {
      world = opened;
    },
  };
}

/** The challenger's configuration no longer holds the champion, which still answers every request. */
function replacingInPlace({ platform }: Room): ServingPlatform {
  return {
    ...platform,
    configure: (spec) => platform.configure({ ...spec, variants: spec.variants.slice(-1) }),
  };
}

/** Whatever was asked is taken for done as soon as the platform has said yes. */
function believing({ platform, rollouts }: Room): ServingPlatform {
  const asAsked = async (endpoint: string, observed: ObservedEndpoint): Promise<ObservedEndpoint> => {
    const change = (await rollouts.active()).find((record) => record.endpoint === endpoint)?.change;
    // The endpoint of a first deployment is not there yet: even the careless notice.
    if (!change || change.purpose === 'CREATE') return observed;
    const variants = Object.entries(change.weights).map(([variant, weight]) => ({
      ...observed.variants.find((each) => each.variant === variant)!,
      variant,
      currentWeight: weight,
      desiredWeight: weight,
    }));
    const { configuration } = change;
    return { ...observed, status: 'IN_SERVICE', rawStatus: 'InService', configuration, changePending: false, variants };
  };
  return {
    ...platform,
    async observe(endpoint) {
      const observed = await platform.observe(endpoint);
      return observed ? asAsked(endpoint, observed) : undefined;
    },
  };
}

/** The same, but only for changes of weights: provisioning is waited for honestly. */
function believingInWeights(deps: Room): ServingPlatform {
  const credulous = believing(deps);
  return {
    ...deps.platform,
    async observe(endpoint) {
      const change = (await deps.rollouts.active()).find((record) => record.endpoint === endpoint)?.change;
      return (change?.purpose === 'SHIFT' ? credulous : deps.platform).observe(endpoint);
    },
  };
}

const READ_BACK = ['confirm-change', 'settle-change', 'sweep-rollouts'];

/** Live counts and weights are put back to the configuration's first ones. */
function withoutRetaining(world: World): void {
  world.cloud.faults.inject('RetainAllVariantProperties off', {
    call: ({ operation, input }) => {
      if (operation === 'UpdateEndpoint') delete input['RetainAllVariantProperties'];
      return undefined;
    },
  });
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  none: { what: 'no defect' },
  'delete-before-read-back': deletingAtOnce(),
  'remove-before-read-back': {
    what: "the champion's variant is removed while it has all traffic",
    tamper: inRooms(['add-challenger'], replacingInPlace),
  },
  'no-read-back': {
    what: 'every change counts as settled at once',
    tamper: inRooms(READ_BACK, believing),
  },
  'no-read-back-of-weights': {
    what: 'a share counts as landed at once',
    tamper: inRooms(READ_BACK, believingInWeights),
  },
  'retain-off': { what: 'UpdateEndpoint without RetainAllVariantProperties', onWorld: withoutRetaining },
};
