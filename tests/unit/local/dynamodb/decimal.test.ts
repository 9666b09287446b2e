import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import {
  addNumbers,
  canonicalNumber,
  compareNumbers,
  numberSizeBytes,
  subtractNumbers,
} from '../../../../local/dynamodb/decimal.ts';

/** An integer with up to 30 digits times a power of ten: sums stay below 38 digits when the powers are close. */
const decimals = fc.record({
  digits: fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
  scale: fc.integer({ min: 0, max: 5 }),
});
const text = ({ digits, scale }: { digits: bigint; scale: number }): string => canonicalNumber(`${digits}e-${scale}`);
const scaled = ({ digits, scale }: { digits: bigint; scale: number }): bigint => digits * 10n ** BigInt(5 - scale);

describe('canonical form', () => {
  test.each([
    ['0', '0'],
    ['-0', '0'],
    ['0e1000', '0'],
    ['1.0', '1'],
    ['+3', '3'],
    ['.123', '0.123'],
    ['5.', '5'],
    ['0001.230', '1.23'],
    ['-17.4E3', '-17400'],
    ['1e+5', '100000'],
    ['1e-3', '0.001'],
    ['-2.50', '-2.5'],
    ['9007199254740993', '9007199254740993'],
    ['12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
    ['1e125', `1${'0'.repeat(125)}`],
    ['1e-130', `0.${'0'.repeat(129)}1`],
  ])('%s becomes %s', (given, expected) => {
    expect(canonicalNumber(given)).toBe(expected);
  });

  test.each([
    ['', 'The parameter cannot be converted to a numeric value'],
    ['dog', 'The parameter cannot be converted to a numeric value: dog'],
    [' 1', 'The parameter cannot be converted to a numeric value:  1'],
    ['.', 'The parameter cannot be converted to a numeric value: .'],
    ['NaN', 'The parameter cannot be converted to a numeric value: NaN'],
    ['1e126', 'Number overflow. Attempting to store a number with magnitude larger than supported range'],
    ['11e125', 'Number overflow. Attempting to store a number with magnitude larger than supported range'],
    ['1e-131', 'Number underflow. Attempting to store a number with magnitude smaller than supported range'],
    ['3.14159265358979323846264338327950288419', 'Attempting to store more than 38 significant digits in a Number'],
  ])('%s is refused', (given, message) => {
    expect(() => canonicalNumber(given)).toThrow(message);
  });

  it('is its own canonical form, and keeps the value', () => {
    fc.assert(
      fc.property(decimals, (number) => {
        const canonical = text(number);
        expect(canonicalNumber(canonical)).toBe(canonical);
        expect(compareNumbers(canonical, canonicalNumber(`${number.digits}0e-${number.scale + 1}`))).toBe(0);
      }),
    );
  });
});

describe('arithmetic', () => {
  it('adds and subtracts as BigInt does', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        expect(addNumbers(text(a), text(b))).toBe(canonicalNumber(`${scaled(a) + scaled(b)}e-5`));
        expect(subtractNumbers(text(a), text(b))).toBe(canonicalNumber(`${scaled(a) - scaled(b)}e-5`));
      }),
    );
  });

  it('is exact beyond 2^53 and among fractions', () => {
    expect(addNumbers('9007199254740992', '1')).toBe('9007199254740993');
    expect(addNumbers('10000000000000000000000', '1')).toBe('10000000000000000000001');
    expect(addNumbers('0.1', '0.2')).toBe('0.3');
    expect(subtractNumbers('0', '0.00003')).toBe('-0.00003');
    expect(subtractNumbers('0.5', '0.5')).toBe('0');
  });

  it('refuses results that need more than 38 digits, or are too large, as an overflow', () => {
    const big = canonicalNumber('1e50');
    const largest = canonicalNumber('9e125');
    expect(() => addNumbers(big, '1')).toThrow('Number overflow');
    expect(() => subtractNumbers(big, '1')).toThrow('Number overflow');
    expect(() => addNumbers(largest, largest)).toThrow('Number overflow');
    expect(addNumbers(big, big)).toBe(canonicalNumber('2e50'));
  });
});

describe('order', () => {
  it('is the order of BigInt', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const difference = scaled(a) - scaled(b);
        expect(Math.sign(compareNumbers(text(a), text(b)))).toBe(difference < 0n ? -1 : difference > 0n ? 1 : 0);
      }),
    );
  });

  it('tells numbers apart that are one double', () => {
    expect(compareNumbers('9007199254740993', '9007199254740992')).toBeGreaterThan(0);
    expect(compareNumbers('-0.10000000000000000000001', '-0.1')).toBeLessThan(0);
  });
});

test.each([
  ['0', 1],
  ['1', 2],
  ['12', 2],
  ['123', 3],
  ['-123', 4],
  ['1000', 2],
  ['0.001', 2],
  ['10.5', 3],
])('%s takes %d bytes', (number, bytes) => {
  expect(numberSizeBytes(number)).toBe(bytes);
});
