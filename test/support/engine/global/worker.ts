import { testedEngine } from '../tested-engine.ts';

/** Set in each worker, since projects with different engines run in one process of vitest. */
process.env['DOCKER_HOST'] = testedEngine().host;
// The image of testcontainers' reaper needs a registry. The tests dispose of the containers that they start.
process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
