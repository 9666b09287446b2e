/** DynamoDB's numbers: decimals of up to 38 significant digits, exact, kept as text in one canonical form. */
import { validationError } from '../kernel/errors.ts';

/** Magnitudes that a non-zero number may have: 1E-130 to 9.9...9E+125. */
const MAX_EXPONENT = 125;
const MIN_EXPONENT = -130;
const MAX_SIGNIFICANT_DIGITS = 38;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
const SHORT_INTEGER = /^(?:0|-?[1-9]\d{0,14})$/;

/**
 * The canonical form in which DynamoDB gives numbers back: plain decimal notation without needless zeros, exponent or
 * plus sign; zero has no sign. Two numbers are equal exactly when their canonical forms are.
 * @throws AwsError ValidationException for text that is no number, too large, too small or too long
 */
export function canonicalNumber(text: string): string {
  if (SHORT_INTEGER.test(text)) return text;
  if (text === '') throw validationError('The parameter cannot be converted to a numeric value');
  const match = NUMBER.exec(text);
  const integer = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (!match || integer + fraction === '') {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const digits = (integer + fraction).replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return '0';
  const power = Number(match[4] ?? 0) - fraction.length + digits.length - significant.length;
  requireInRange(significant.length, power + significant.length - 1);
  return (match[1] === '-' ? '-' : '') + plainNotation(significant, power);
}

const overflow = (): Error =>
  validationError('Number overflow. Attempting to store a number with magnitude larger than supported range');

function requireInRange(significantDigits: number, exponent: number): void {
  if (exponent > MAX_EXPONENT) throw overflow();
  if (exponent < MIN_EXPONENT) {
    throw validationError('Number underflow. Attempting to store a number with magnitude smaller than supported range');
  }
  if (significantDigits > MAX_SIGNIFICANT_DIGITS) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
}

/** digits * 10^power without an exponent. */
function plainNotation(digits: string, power: number): string {
  if (power >= 0) return digits + '0'.repeat(power);
  const point = digits.length + power;
  return point > 0 ? `${digits.slice(0, point)}.${digits.slice(point)}` : `0.${'0'.repeat(-point)}${digits}`;
}

interface Unscaled {
  /** The value is `unscaled` / 10^`scale`. */
  readonly unscaled: bigint;
  readonly scale: number;
}

function unscale(canonical: string): Unscaled {
  const point = canonical.indexOf('.');
  if (point < 0) return { unscaled: BigInt(canonical), scale: 0 };
  return {
    unscaled: BigInt(canonical.slice(0, point) + canonical.slice(point + 1)),
    scale: canonical.length - point - 1,
  };
}

const atScale = (number: Unscaled, scale: number): bigint => number.unscaled * 10n ** BigInt(scale - number.scale);

/** a + b of canonical numbers, exact and canonical. @throws AwsError ValidationException when the result does not fit */
export function addNumbers(a: string, b: string): string {
  if (SHORT_INTEGER.test(a) && SHORT_INTEGER.test(b)) return String(Number(a) + Number(b));
  const x = unscale(a);
  const y = unscale(b);
  const scale = Math.max(x.scale, y.scale);
  const sum = String(atScale(x, scale) + atScale(y, scale));
  // AWS reports a result with too many digits as an overflow, too.
  if (sum.replace(/^-|0+$/g, '').length > MAX_SIGNIFICANT_DIGITS) throw overflow();
  return canonicalNumber(`${sum}e-${scale}`);
}

/** -a of a canonical number. */
export function negateNumber(a: string): string {
  if (a === '0') return a;
  return a.startsWith('-') ? a.slice(1) : `-${a}`;
}

/** a - b of canonical numbers, exact and canonical. @throws AwsError ValidationException when the result does not fit */
export function subtractNumbers(a: string, b: string): string {
  return addNumbers(a, negateNumber(b));
}

/** Negative, zero or positive as a is less than, equal to or greater than b (canonical numbers). */
export function compareNumbers(a: string, b: string): number {
  if (a === b) return 0;
  // Rounding to a double never turns an order round: only numbers that round to the same double need exact digits.
  const x = Number(a);
  const y = Number(b);
  if (x !== y) return x < y ? -1 : 1;
  const exactX = unscale(a);
  const exactY = unscale(b);
  const scale = Math.max(exactX.scale, exactY.scale);
  return atScale(exactX, scale) < atScale(exactY, scale) ? -1 : 1;
}

/** Bytes that a canonical number takes in an item: a byte for two significant digits, one for the exponent, one for a minus. */
export function numberSizeBytes(canonical: string): number {
  if (canonical === '0') return 1;
  const negative = canonical.startsWith('-');
  const digits = canonical.replace(/^-?0*\.?0*/, '').replace('.', '');
  const significant = canonical.includes('.') ? digits : digits.replace(/0+$/, '');
  return 1 + Math.ceil(significant.length / 2) + (negative ? 1 : 0);
}
