module.exports = {
  // Two cores are what the project promises its times for; jest's own default would leave one of them idle.
  maxWorkers: 2,
  testEnvironment: './tests/support/onnx-environment.cjs',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/.serverless/', '<rootDir>/.esbuild/'],
};
