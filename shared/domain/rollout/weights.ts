import { InvalidInput } from '../errors.ts';

/** Names of an endpoint's variants; champion and challenger swap them with every promotion. */
export type Colour = 'blue' | 'green';

/** Absolute weights per variant, whole numbers that sum to 100: read as per cents, never added to what is there. */
export type Weights = Readonly<Partial<Record<Colour, number>>>;

/** The colour that is free for a challenger while `champion` serves. */
export function otherColour(champion: Colour): Colour {
  return champion === 'blue' ? 'green' : 'blue';
}

/**
 * The weights that give the challenger `sharePercent` of the requests.
 * @throws InvalidInput for a share that is no whole per cent.
 */
export function weightsFor(champion: Colour, sharePercent: number): Required<Weights> {
  if (!Number.isInteger(sharePercent) || sharePercent < 0 || sharePercent > 100) {
    throw new InvalidInput('sharePercent', sharePercent, 'a share is a whole per cent', 'Use an integer of 0 to 100');
  }
  const challengerWeight = sharePercent;
  const championWeight = 100 - sharePercent;
  return champion === 'blue'
    ? { blue: championWeight, green: challengerWeight }
    : { blue: challengerWeight, green: championWeight };
}

/** The weights of a rollback: the champion answers everything. */
export function championOnly(champion: Colour): Required<Weights> {
  return weightsFor(champion, 0);
}
