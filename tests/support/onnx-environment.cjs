// onnxruntime-node checks `instanceof` against the outer realm's typed arrays; jest's test context has its own.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class OnnxEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const type of [
      Float32Array,
      Float64Array,
      Int8Array,
      Uint8Array,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      BigInt64Array,
      BigUint64Array,
    ]) {
      this.global[type.name] = type;
    }
  }
};
