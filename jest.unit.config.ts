import type { Config } from 'jest';
import everything from './jest.config.ts';

/** All but the tests that start servers and browsers. */
const config: Config = { ...everything, testPathIgnorePatterns: ['<rootDir>/tests/process/', '<rootDir>/tests/app/'] };

export default config;
