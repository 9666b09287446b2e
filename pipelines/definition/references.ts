/** Values that SageMaker fills in when a pipeline runs. */

/** A literal, or one of the functions that a pipeline definition knows. */
export type Reference =
  | { readonly Get: string }
  | { readonly 'Std:Join': { readonly On: string; readonly Values: readonly Value[] } }
  | { readonly 'Std:JsonGet': { readonly PropertyFile: { readonly Get: string }; readonly Path: string } };

export type Value = string | number | boolean | Reference;

export function parameter(name: string): Reference {
  return { Get: `Parameters.${name}` };
}

export type ExecutionVariable =
  'PipelineExecutionId' | 'PipelineExecutionArn' | 'PipelineName' | 'PipelineArn' | 'StartDateTime' | 'CurrentDateTime';

export function execution(variable: ExecutionVariable): Reference {
  return { Get: `Execution.${variable}` };
}

/** The S3 prefix that one output of a processing step was written to. */
export function outputUri(step: string, output: string): Reference {
  return { Get: `Steps.${step}.ProcessingOutputConfig.Outputs['${output}'].S3Output.S3Uri` };
}

/** The S3 prefix (uncompressed) or object of a training step's model artifacts. */
export function modelArtifactsUri(step: string): Reference {
  return { Get: `Steps.${step}.ModelArtifacts.S3ModelArtifacts` };
}

export function join(separator: string, ...values: readonly Value[]): Reference {
  return { 'Std:Join': { On: separator, Values: values } };
}

/** A number as the text that container arguments and hyperparameters need. */
export function asText(value: Value): Reference {
  return join('', value);
}

/** A value of a step's property file. @param path JSONPath without the leading `$.` */
export function jsonGet(step: string, propertyFile: string, path: string): Reference {
  return { 'Std:JsonGet': { PropertyFile: { Get: `Steps.${step}.PropertyFiles.${propertyFile}` }, Path: path } };
}
