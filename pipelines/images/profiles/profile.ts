/** What the shared trainer image has to know about one model of the catalog: its raw rows, its target, its recipes. */
import { type FeatureRecipe, type RawField } from '../features/recipe.ts';

export interface NumberColumn extends RawField {
  readonly type: 'number';
  /** Values outside [min, max] are measuring errors. */
  readonly min: number;
  readonly max: number;
}

export interface ModelProfile {
  /** The catalog's name, for instance `demand-forecast`. */
  readonly model: string;
  readonly dateField: string;
  readonly target: { readonly name: string; readonly units: string; readonly min: number; readonly max: number };
  /** The raw columns besides the date and the target. A nullable column outside its range is nulled, else the row goes. */
  readonly columns: readonly NumberColumn[];
  /** The column that already is a forecast, so that a model has something honest to beat. */
  readonly naive: { readonly column: string; readonly description: string };
  readonly recipes: readonly FeatureRecipe[];
  /** What a stranger must know about the training data; copied into each artifact. */
  readonly dataNotice: string;
}

/** The date and the columns as raw fields: what a request of this model may carry. */
export function rawFieldsOf(profile: ModelProfile): readonly RawField[] {
  return [
    { name: profile.dateField, type: 'date', nullable: false },
    ...profile.columns.map(({ name, type, nullable }) => ({ name, type, nullable })),
  ];
}
