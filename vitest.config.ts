import { defineConfig } from 'vitest/config';

/**
 * Three kinds of tests: `unit` (values in, values out; injected clock), `contract` (one suite for every driver, real
 * sockets) and `docker` (a real engine, provided by its global setup).
 */
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      { test: { name: 'contract', include: ['test/contract/**/*.test.ts'], testTimeout: 60_000 } },
      {
        test: {
          name: 'docker',
          include: ['test/docker/**/*.test.ts'],
          globalSetup: ['test/support/engine-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
