import type { EngineInstallation } from '../engine.ts';
import { infoSchema, versionSchema } from '../schema.ts';

/**
 * Reads the kind of installation from two calls, since neither tells all: /version has the platform and the kernel, and
 * of a rootless engine only recent Docker says so there (Podman never, and Docker 26 to 28 may close the connection).
 */
export type AskInstallation = (name: 'version' | 'info') => Promise<unknown>;

/** Rejects with the reason of the first call if both fail. */
export async function readInstallation(ask: AskInstallation): Promise<EngineInstallation> {
  const [version] = await Promise.allSettled([ask('version')]);
  const value = version.status === 'fulfilled' ? version.value : undefined;
  const told = versionSchema.safeParse(value).data;
  const kernel = told?.KernelVersion;
  const installation = { platform: told?.Platform?.Name ?? '', ...(kernel && { kernel }) };
  if (componentsOf(value).includes('rootlesskit')) return { ...installation, rootless: true };
  const [info] = await Promise.allSettled([ask('info')]);
  if (info.status === 'rejected' && version.status === 'rejected') throw version.reason;
  const { data } = infoSchema.safeParse(info.status === 'fulfilled' ? info.value : undefined);
  const isRootlessDocker = (data?.SecurityOptions ?? []).some((option) => /^name=rootless\b/.test(option));
  return { ...installation, rootless: data?.Rootless === true || isRootlessDocker };
}

/** The names of the components in an answer to /version. */
export function componentsOf(version: unknown): readonly string[] {
  return (versionSchema.safeParse(version).data?.Components ?? []).map(({ Name }) => Name ?? '');
}
