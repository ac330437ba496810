import type { Config } from 'jest';
import everything from './jest.config.ts';

/** What starts servers and browsers of its own, and takes its time. */
const config: Config = { ...everything, testMatch: ['<rootDir>/tests/{process,app}/**/*.test.ts'] };

export default config;
