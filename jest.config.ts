import type { Config } from 'jest';

/** Tests are ES modules in TypeScript; swc only strips the types, as Node itself does when the server runs. */
const config: Config = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '^.+\\.tsx?$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript', tsx: true }, target: 'es2024' }, module: { type: 'es6' } },
    ],
  },
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  globalSetup: '<rootDir>/tests/support/global-setup.ts',
  globalTeardown: '<rootDir>/tests/support/global-teardown.ts',
  watchman: false,
  maxWorkers: '100%', // a test waits for PostgreSQL half of its time
  testTimeout: 30_000,
};

export default config;
