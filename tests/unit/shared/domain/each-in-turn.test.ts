/** Each has its turn; what failed is told at the end. */
import { describe, expect, it } from '@jest/globals';
import { newTurns } from '../../../../shared/domain/each-in-turn.ts';

const failing = (message: string) => (): Promise<never> => Promise.reject(new Error(message));

describe('turns', () => {
  it('give what they come to, and end in silence when none failed', async () => {
    const turns = newTurns();
    expect(await turns.take(() => Promise.resolve(1))).toBe(1);
    expect(() => turns.end()).not.toThrow();
  });

  it('go on after a failure, which is thrown as it is at the end', async () => {
    const turns = newTurns();
    expect(await turns.take(failing('one'))).toBeUndefined();
    expect(await turns.take(() => Promise.resolve(2))).toBe(2);
    expect(() => turns.end()).toThrow(new Error('one'));
  });

  it('quote every failure when there were several', async () => {
    const turns = newTurns();
    await turns.take(failing('one'));
    await turns.take(failing('two'));
    expect(() => turns.end()).toThrow('Error: one; Error: two');
  });
});
