/** Loads an artifact and predicts from raw rows: the only code in Switchyard that predicts. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import {
  ArtifactError,
  artifactDigest,
  digestOf,
  METADATA_FILE,
  MODEL_FILE,
  parseMetadata,
  type ArtifactMetadata,
} from '../artifact/metadata.ts';
import { deriveFeatures, requireRow } from '../features/recipe.ts';

export interface Predictor {
  readonly metadata: ArtifactMetadata;
  /** `sha256:<hex>` of model and metadata together. */
  readonly artifactDigest: string;
  /** Checks a raw row and derives its features by the artifact's own recipe. @throws InvalidRowError as requireRow */
  featuresOf(row: unknown): Float32Array;
  /** One prediction per row of features, in the same order, in the units of the target. */
  predict(rows: readonly Float32Array[]): Promise<Float32Array>;
  /** Frees the native session. */
  close(): Promise<void>;
}

/**
 * @param modelDirectory holds model.onnx and metadata.json
 * @throws ArtifactError if a file is missing, unreadable, or the model is not the one that the metadata was written for
 */
export async function loadPredictor(modelDirectory: string): Promise<Predictor> {
  const model = await readArtifactFile(modelDirectory, MODEL_FILE);
  const metadataBytes = await readArtifactFile(modelDirectory, METADATA_FILE);
  const metadata = parseMetadata(metadataBytes.toString('utf8'));
  const found = digestOf(model);
  if (found !== metadata.onnx.digest) {
    throw new ArtifactError(
      `${MODEL_FILE} has digest ${found} but ${METADATA_FILE} says ${metadata.onnx.digest}: the artifact was changed or mixed; deploy it again`,
    );
  }
  const session = await openSession(model);
  const width = metadata.recipe.features.length;
  return {
    metadata,
    artifactDigest: artifactDigest(model, metadataBytes),
    featuresOf(row) {
      const features = new Float32Array(width);
      deriveFeatures(metadata.recipe, requireRow(row, metadata.requiredFields), features);
      return features;
    },
    async predict(rows) {
      if (rows.length === 0) return new Float32Array(0);
      const features = new Float32Array(rows.length * width);
      rows.forEach((row, index) => features.set(row, index * width));
      const results = await session.run({
        [metadata.onnx.input]: new Tensor('float32', features, [rows.length, width]),
      });
      return results[metadata.onnx.output]!.data as Float32Array;
    },
    close: () => session.release(),
  };
}

async function readArtifactFile(directory: string, name: string): Promise<Buffer> {
  try {
    return await readFile(join(directory, name));
  } catch (cause) {
    throw new ArtifactError(
      `cannot read ${name} of the artifact; is the model's S3 prefix the one that training wrote?`,
      {
        cause,
      },
    );
  }
}

async function openSession(model: Uint8Array): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(model, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      logSeverityLevel: 3,
    });
  } catch (cause) {
    throw new ArtifactError(`${MODEL_FILE} is not a model that ONNX Runtime can load: ${(cause as Error).message}`, {
      cause,
    });
  }
}
