import { describe } from 'vitest';
import type { CreateRig } from '../support/sockets/rig.ts';
import { describeAddresses } from './addresses.contract.ts';
import { describeAccess } from './access.contract.ts';
import { describeBackPressure } from './back-pressure.contract.ts';
import { describeBytes } from './bytes.contract.ts';
import { describeChoosing } from './choosing.contract.ts';
import { describeHolding } from './holding.contract.ts';
import { describeCancels } from './cancels.contract.ts';
import { describeNames } from './names.contract.ts';
import { describePortProxies } from './port-proxies.contract.ts';
import { describeTables } from './tables.contract.ts';
import { describeUrgentData } from './urgent.contract.ts';

/**
 * The suite that every driver passes, by itself and through the plane.
 */
export function describeDriver(name: string, createRig: CreateRig): void {
  describe(name, () => {
    describeBytes(createRig);
    describeUrgentData(createRig);
    describeBackPressure(createRig);
    describeHolding(createRig);
    describeChoosing(createRig);
    describePortProxies(createRig);
    describeTables(createRig);
    describeNames(createRig);
    describeCancels(createRig);
    describeAccess(createRig);
    describeAddresses(createRig);
  });
}
