/** Starts training runs. */
export interface TrainingRun {
  readonly pipeline: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** 32 to 128 characters; the same token starts one run, however often it is used. */
  readonly requestToken: string;
  readonly displayName: string;
}

export interface TrainingPipelines {
  /** @throws UnknownPipeline */
  start(run: TrainingRun): Promise<{ readonly executionArn: string }>;
}
