import { fileURLToPath } from 'node:url';

/** Where `npm run build:binary` writes the single executable for this platform. Names without a version have an address
 * that stays: `releases/latest/download/sealane-linux-x64`. */
export const binaryPath = fileURLToPath(
  new URL(`../../../dist-binary/sealane-${process.platform}-${process.arch}`, import.meta.url),
);
