/** Goal: only a read-back that equals the intent counts as settled. Method: one deviation at a time. */
import { describe, expect, it, test } from '@jest/globals';
import {
  confirmSettled,
  type EndpointIntent,
  type EndpointReading,
} from '../../../../../shared/domain/rollout/settlement.ts';

const before = { configuration: 'config-1', weights: { blue: 100 } };
const addChallenger: EndpointIntent = { configuration: 'config-2', weights: { blue: 100, green: 0 }, previous: before };
const variant = (name: string, currentWeight: number, desiredWeight = currentWeight) => ({
  variant: name,
  currentWeight,
  desiredWeight,
});
const asAsked: EndpointReading = {
  status: 'IN_SERVICE',
  configuration: 'config-2',
  changePending: false,
  variants: [variant('green', 0), variant('blue', 100)],
};
const asBefore: EndpointReading = { ...asAsked, configuration: 'config-1', variants: [variant('blue', 100)] };

describe('a change of configuration', () => {
  it('is settled when all is as asked, in whatever order variants come', () => {
    expect(confirmSettled(addChallenger, asAsked)).toEqual({ kind: 'SETTLED' });
    expect(confirmSettled(addChallenger, { ...asAsked, failureReason: '' })).toEqual({ kind: 'SETTLED' });
  });

  test.each<[string, Partial<EndpointReading>]>([
    ['while it is changing', { status: 'CHANGING' }],
    ['while it is changing, though everything already looks as asked', { ...asAsked, status: 'CHANGING' }],
    ['in service with a change pending', { changePending: true }],
  ])('is still updating %s', (_, reading) => {
    expect(confirmSettled(addChallenger, { ...asAsked, ...reading })).toEqual({ kind: 'STILL_UPDATING' });
  });

  it('rolled back in silence when the endpoint is in service as it was before', () => {
    const settlement = confirmSettled(addChallenger, asBefore);
    expect(settlement).toMatchObject({ kind: 'SILENT_ROLLBACK', failureReason: null });
    expect(settlement).toMatchObject({
      differences: [
        { what: 'configuration', expected: 'config-2', observed: 'config-1' },
        { what: 'variant green', expected: 'weight 0', observed: 'absent' },
      ],
    });
  });

  it('keeps the reason of a rollback that is not so silent', () => {
    expect(confirmSettled(addChallenger, { ...asBefore, failureReason: 'no health check' })).toMatchObject({
      kind: 'SILENT_ROLLBACK',
      failureReason: 'no health check',
    });
  });

  test.each<[string, Partial<EndpointReading>, string]>([
    ['a failed endpoint', { status: 'FAILED' }, 'status'],
    ['an endpoint on its way out', { status: 'DELETING' }, 'status'],
    ["a stranger's configuration", { configuration: 'config-9' }, 'configuration'],
    ['a failure reason', { failureReason: 'capacity' }, 'failure reason'],
    ['a missing variant', { variants: [variant('blue', 100)] }, 'variant green'],
    ['a surplus variant', { variants: [...asAsked.variants, variant('red', 0)] }, 'variant red'],
    ['other weights', { variants: [variant('blue', 90), variant('green', 10)] }, 'current weight of blue'],
    ['another target', { variants: [variant('blue', 100, 50), variant('green', 0)] }, 'desired weight of blue'],
    ['a weight that is no number', { variants: [variant('blue', NaN), variant('green', 0)] }, 'current weight of blue'],
  ])('does not match: %s', (_, reading, what) => {
    const settlement = confirmSettled(addChallenger, { ...asAsked, ...reading });
    expect(settlement).toMatchObject({ kind: 'MISMATCH' });
    expect(settlement).toMatchObject({ differences: expect.arrayContaining([expect.objectContaining({ what })]) });
  });

  it('without a known past, an old configuration is a mismatch', () => {
    expect(confirmSettled({ ...addChallenger, previous: undefined }, asBefore)).toMatchObject({ kind: 'MISMATCH' });
  });
});

describe('a change of weights', () => {
  const shift: EndpointIntent = {
    configuration: 'config-2',
    weights: { blue: 95, green: 5 },
    previous: { configuration: 'config-2', weights: { blue: 100, green: 0 } },
  };
  const reading = (blue: [number, number], green: [number, number]): EndpointReading => ({
    ...asAsked,
    variants: [variant('blue', ...blue), variant('green', ...green)],
  });

  it('is settled when current and desired weights are as asked', () => {
    expect(confirmSettled(shift, reading([95, 95], [5, 5])).kind).toBe('SETTLED');
  });

  it('is in motion while only current weights lag behind', () => {
    expect(confirmSettled(shift, reading([100, 95], [0, 5])).kind).toBe('STILL_UPDATING');
  });

  it('rolled back in silence when both are as before', () => {
    expect(confirmSettled(shift, reading([100, 100], [0, 0])).kind).toBe('SILENT_ROLLBACK');
  });

  it("does not match a stranger's weights", () => {
    expect(confirmSettled(shift, reading([50, 50], [50, 50])).kind).toBe('MISMATCH');
  });
});
