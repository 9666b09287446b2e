/** What serves models and splits traffic among versions. Everything asynchronous is asked for here and read back by `observe`. */

/** A version made ready to be served: in the platform's words a model, a container set, a deployment. */
export interface Servable {
  /** Deterministic, so that asking twice finds the first. */
  readonly name: string;
  readonly version: string;
}

export interface VariantSpec {
  readonly variant: string;
  readonly servable: Servable;
  /** Whole number 0 to 100; takes effect only for variants that are new to the endpoint. */
  readonly initialWeight: number;
  readonly instanceType: string;
  readonly instanceCount: number;
}

/** A complete description of what an endpoint should serve; immutable once made. */
export interface ConfigurationSpec {
  /** Deterministic, so that asking twice finds the first. */
  readonly configuration: string;
  readonly variants: readonly VariantSpec[];
  /** Share of requests captured, in per cent; 0 switches capture off. */
  readonly capturePercent: number;
  readonly captureUri: string;
}

export type EndpointStatus = 'IN_SERVICE' | 'CHANGING' | 'FAILED' | 'DELETING';

export interface ObservedVariant {
  readonly variant: string;
  readonly servable: string;
  readonly currentWeight: number;
  readonly desiredWeight: number;
  readonly currentInstances: number;
  readonly desiredInstances: number;
}

export interface ObservedEndpoint {
  readonly endpoint: string;
  readonly status: EndpointStatus;
  /** The platform's own word for the status, for records and messages. */
  readonly rawStatus: string;
  readonly configuration: string;
  /** True while a change of configuration is pending. */
  readonly changePending: boolean;
  readonly failureReason?: string;
  readonly variants: readonly ObservedVariant[];
}

export interface Reply {
  readonly statusCode: number;
  readonly body: string;
  readonly variant: string;
}

export interface ServingPlatform {
  /** Undefined when there is no such endpoint. */
  observe(endpoint: string): Promise<ObservedEndpoint | undefined>;
  /** Makes a version servable; finds it when it is there already. @throws VersionNotDeployable */
  prepare(servable: Servable): Promise<void>;
  /** Makes a configuration; finds it when it is there already. */
  configure(spec: ConfigurationSpec): Promise<void>;
  /** Asks for a new endpoint; it is usable when `observe` says so. */
  createEndpoint(endpoint: string, configuration: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Asks for another configuration, keeping live weights and counts of variants that stay. @throws EndpointBusy */
  changeConfiguration(endpoint: string, configuration: string): Promise<void>;
  /** Asks for absolute weights. @throws EndpointBusy */
  setWeights(endpoint: string, weights: Readonly<Record<string, number>>): Promise<void>;
  /** Labels that a rollback can be made from when every table is down. */
  label(endpoint: string, tags: Readonly<Record<string, string>>): Promise<void>;
  labels(endpoint: string): Promise<Readonly<Record<string, string>>>;
  /** Deletes an endpoint; fine when there is none. */
  deleteEndpoint(endpoint: string): Promise<void>;
  /** Deletes a configuration; fine when there is none. The caller has checked that nothing refers to it. */
  deleteConfiguration(configuration: string): Promise<void>;
  /** Deletes a servable; fine when there is none. */
  deleteServable(name: string): Promise<void>;
  /** Names of all configurations and servables that were made for an endpoint. */
  inventory(
    endpoint: string,
  ): Promise<{ readonly configurations: readonly string[]; readonly servables: readonly string[] }>;
  /** One request to a named variant, whatever its weight. The body is JSON or JSON Lines. */
  ask(endpoint: string, variant: string, body: string, contentType: string): Promise<Reply>;
}
