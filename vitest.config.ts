import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

/**
 * Eight kinds of tests: `unit` (values in, values out; injected clock), `cli` (the built program as its users run it,
 * without Docker), `contract` (one suite for every driver, real sockets), `docker` (a real engine, provided by its
 * global setup), `podman` (the lifecycle suite of `docker` on a real Podman, and what only Podman does), `swarm` (a real
 * Docker Swarm of two nodes) `web` (a real browser, and the same engine as `docker`) and
 * `release` (workflows, action, hook and unit, by the tools that know them; `npm run test:release`, not part of `npm test`).
 */
/** What is polled for takes milliseconds: this limit, too, is one that only a fault reaches. */
const poll = { poll: { timeout: 30_000 } };

/** Node runs TypeScript itself, and keeps what it has compiled for the next run. */
const experimental = { viteModuleRunner: false, nodeLoader: false };

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      // The timeout catches tests that hang: it is far above the time of any test, also on a loaded machine. Modules
      // keep no state, so all files of a worker can share the modules that they import. Only the contract tests have a
      // process for each file, since they count descriptors and open real sockets in it.
      {
        test: {
          name: 'unit',
          experimental,
          include: ['test/unit/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: poll,
          isolate: false,
        },
      },
      {
        test: {
          name: 'cli',
          experimental,
          include: ['test/cli/**/*.test.ts'],
          // What only the built Sealane can do that Node runs, and what only the single executable can.
          exclude: [process.env['SEALANE_COMMAND'] ? 'test/cli/on-node/**' : 'test/cli/single-executable/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: poll,
          isolate: false,
        },
      },
      {
        test: {
          name: 'contract',
          experimental,
          include: ['test/contract/**/*.test.ts'],
          globalSetup: ['test/support/sockets/worker-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: poll,
        },
      },
      {
        test: {
          name: 'docker',
          experimental,
          include: ['test/docker/**/*.test.ts'],
          globalSetup: ['test/support/engine/global/docker-setup.ts'],
          setupFiles: ['test/support/engine/global/worker.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: poll,
          isolate: false,
        },
      },
      {
        test: {
          name: 'podman',
          experimental,
          include: ['test/docker/lifecycle/**/*.test.ts', 'test/podman/**/*.test.ts'],
          globalSetup: ['test/support/engine/global/podman-setup.ts'],
          setupFiles: ['test/support/engine/global/worker.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: poll,
          isolate: false,
        },
      },
      {
        test: {
          name: 'swarm',
          experimental,
          include: ['test/swarm/**/*.test.ts'],
          globalSetup: ['test/support/engine/global/swarm-setup.ts'],
          setupFiles: ['test/support/engine/global/worker.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: poll,
          isolate: false,
        },
      },
      {
        test: {
          name: 'web',
          experimental,
          include: ['test/web/**/*.test.ts'],
          globalSetup: ['test/support/web/setup.ts'],
          setupFiles: ['test/support/engine/global/worker.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          expect: poll,
          isolate: false,
        },
      },
      {
        test: {
          name: 'release',
          experimental,
          include: ['test/release/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
