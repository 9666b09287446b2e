/** The models that the trainer image knows. */
import { type FeatureRecipe } from '../features/recipe.ts';
import { demandForecast } from './demand-forecast.ts';
import { type ModelProfile } from './profile.ts';

export class UnknownProfileError extends Error {
  override readonly name = 'UnknownProfileError';
}

export class UnknownRecipeError extends Error {
  override readonly name = 'UnknownRecipeError';
}

const PROFILES: readonly ModelProfile[] = [demandForecast];

/** @throws UnknownProfileError */
export function profileOf(model: string): ModelProfile {
  const profile = PROFILES.find((candidate) => candidate.model === model);
  if (profile === undefined) {
    const known = PROFILES.map((candidate) => candidate.model).join(', ');
    throw new UnknownProfileError(`no profile for model ${JSON.stringify(model)}; the trainer image knows: ${known}`);
  }
  return profile;
}

/** @throws UnknownRecipeError */
export function recipeOf(profile: ModelProfile, version: string): FeatureRecipe {
  const recipe = profile.recipes.find((candidate) => candidate.version === version);
  if (recipe === undefined) {
    const known = profile.recipes.map((candidate) => candidate.version).join(', ');
    throw new UnknownRecipeError(
      `model ${profile.model} has no feature recipe ${JSON.stringify(version)}; choose one of: ${known}`,
    );
  }
  return recipe;
}
