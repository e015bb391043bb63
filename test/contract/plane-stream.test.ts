import { describePlane } from './plane.contract.ts';

/** The plane with the stream driver. */
describePlane('stream');
