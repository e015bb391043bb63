import { which } from '../../../dev/machine/command.ts';

/**
 * Whether a tool is there that a test needs, which is left out otherwise. Where SEALANE_EXPECT_TOOLS is set, as in the
 * workflow, each has to be there (dev/packaging/install-lint-tools.sh).
 */
export async function hasTool(program: string): Promise<boolean> {
  const found = (await which(program)) !== undefined;
  if (!found && process.env['SEALANE_EXPECT_TOOLS'] === 'true') throw new Error(`${program} is not installed`);
  return found;
}
