/** Starts training runs. */
export interface TrainingRun {
  readonly pipeline: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** 32 to 128 characters; the same token starts one run, however often it is used. */
  readonly requestToken: string;
  readonly displayName: string;
}

/** What the data platform has delivered for training. */
export interface TrainingData {
  /**
   * The pipeline parameters of the newest data snapshot of a model: where it is, which days to learn from and to hold out.
   * @throws DocumentMissing when no snapshot was ever delivered
   */
  latest(model: string): Promise<Readonly<Record<string, string>>>;
}

export interface TrainingPipelines {
  /** @throws UnknownPipeline */
  start(run: TrainingRun): Promise<{ readonly executionArn: string }>;
}
