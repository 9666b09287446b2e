/** Writes the Protocol Buffers wire format into one growing buffer (a forest has a million numbers: no small arrays). */

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

export interface ProtobufWriter {
  /** int32, int64, enum: non-negative and below 2^53. */
  integer(field: number, value: number): void;
  float(field: number, value: number): void;
  text(field: number, value: string): void;
  bytes(field: number, value: Uint8Array): void;
  packedFloats(field: number, values: ArrayLike<number>): void;
  packedIntegers(field: number, values: ArrayLike<number>): void;
  /** A nested message, written by `body` into this same writer. */
  message(field: number, body: () => void): void;
  finish(): Uint8Array;
}

export function newProtobufWriter(initialBytes = 1 << 16): ProtobufWriter {
  let buffer = new Uint8Array(initialBytes);
  let view = new DataView(buffer.buffer);
  let length = 0;

  const reserve = (more: number): void => {
    if (length + more <= buffer.length) return;
    const grown = new Uint8Array(Math.max(buffer.length * 2, length + more));
    grown.set(buffer.subarray(0, length));
    buffer = grown;
    view = new DataView(buffer.buffer);
  };
  const varint = (value: number): void => {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError(
        `cannot write ${value} as a varint; only whole numbers from 0 to 2^53 - 1 occur in our models`,
      );
    }
    reserve(10);
    let rest = value;
    while (rest >= 128) {
      buffer[length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    buffer[length++] = rest;
  };
  const tag = (field: number, wireType: number): void => varint(field * 8 + wireType);
  const float32 = (value: number): void => {
    reserve(4);
    view.setFloat32(length, value, true);
    length += 4;
  };
  const raw = (value: Uint8Array): void => {
    reserve(value.length);
    buffer.set(value, length);
    length += value.length;
  };
  /** The length comes before the content but is known only after it: write the content, then shift it. */
  const delimited = (field: number, body: () => void): void => {
    tag(field, LENGTH_DELIMITED);
    const start = length;
    body();
    const size = length - start;
    const prefix = varintSize(size);
    // As much as varint() itself asks for: growing between the two lines below would lose what lies behind `start`.
    reserve(10);
    buffer.copyWithin(start + prefix, start, length);
    length = start;
    varint(size);
    length = start + prefix + size;
  };

  return {
    integer(field, value) {
      tag(field, VARINT);
      varint(value);
    },
    float(field, value) {
      tag(field, FIXED32);
      float32(value);
    },
    text: (field, value) => delimited(field, () => raw(new TextEncoder().encode(value))),
    bytes: (field, value) => delimited(field, () => raw(value)),
    packedFloats: (field, values) =>
      delimited(field, () => {
        for (let index = 0; index < values.length; index++) float32(values[index]!);
      }),
    packedIntegers: (field, values) =>
      delimited(field, () => {
        for (let index = 0; index < values.length; index++) varint(values[index]!);
      }),
    message: delimited,
    finish: () => buffer.slice(0, length),
  };
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++;
  return size;
}
