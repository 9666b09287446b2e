/** metadata.json: what an artifact says about itself. The trainer writes it, the server and the evaluation obey it. */
import { createHash } from 'node:crypto';
import { requireKnownFeatures, type FeatureRecipe, type RawField, type RawRow } from '../features/recipe.ts';

export const MODEL_FILE = 'model.onnx';
export const METADATA_FILE = 'metadata.json';

export interface ArtifactMetadata {
  readonly formatVersion: 1;
  /** The catalog's name, for instance `demand-forecast`. */
  readonly model: string;
  /** Content-derived: the same data, recipe and hyperparameters give the same version. Not the registry's number. */
  readonly version: string;
  readonly algorithm: string;
  readonly target: { readonly name: string; readonly units: string };
  /** `sha256:<hex>` of the training rows after feature building. */
  readonly dataDigest: string;
  readonly trainedOn: { readonly from: string; readonly to: string; readonly rows: number };
  readonly hyperparameters: Readonly<Record<string, number>>;
  readonly recipe: FeatureRecipe;
  /** The raw fields a request must carry; a deployment compares them with what callers send before any traffic. */
  readonly requiredFields: readonly RawField[];
  readonly onnx: { readonly input: string; readonly output: string; readonly digest: string };
  /** A training row and what the trainer's own tree walk says about it: the server proves itself on it before it answers 200. */
  readonly selfCheck: { readonly row: RawRow; readonly prediction: number };
  readonly dataNotice: string;
}

/** The artifact cannot be served as it is. */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';
}

/** `sha256:<hex>`, the form in which digests appear in files, reports and the registry. */
export function digestOf(content: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** The digest that names a whole artifact: of its model and its metadata, in this order. */
export function artifactDigest(model: Uint8Array, metadata: Uint8Array | string): string {
  return digestOf(`${digestOf(model)}\n${digestOf(metadata)}\n`);
}

/** @throws ArtifactError with the path of what is wrong, UnknownFeatureError for a recipe of a later release */
export function parseMetadata(text: string): ArtifactMetadata {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ArtifactError(`${METADATA_FILE} is not JSON: ${(cause as Error).message}; train the model again`, {
      cause,
    });
  }
  const metadata = value as ArtifactMetadata;
  if (metadata?.formatVersion !== 1) {
    throw new ArtifactError(
      `${METADATA_FILE} has formatVersion ${JSON.stringify(metadata?.formatVersion)}; this server reads 1: ` +
        'serve the artifact with the server image of its own release',
    );
  }
  for (const [path, ok] of [
    ['model', typeof metadata.model === 'string'],
    ['version', typeof metadata.version === 'string'],
    ['recipe.features', Array.isArray(metadata.recipe?.features) && metadata.recipe.features.length > 0],
    ['requiredFields', Array.isArray(metadata.requiredFields)],
    ['onnx.input', typeof metadata.onnx?.input === 'string'],
    ['onnx.output', typeof metadata.onnx?.output === 'string'],
    ['onnx.digest', typeof metadata.onnx?.digest === 'string'],
    ['selfCheck.row', typeof metadata.selfCheck?.row === 'object'],
    ['selfCheck.prediction', typeof metadata.selfCheck?.prediction === 'number'],
  ] as const) {
    if (!ok) throw new ArtifactError(`${METADATA_FILE} lacks a valid ${path}; train the model again`);
  }
  requireKnownFeatures(metadata.recipe);
  return metadata;
}
