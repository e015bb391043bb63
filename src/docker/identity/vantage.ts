import type { EngineInstallation } from '../engine.ts';
import { isLocal, type EngineTarget } from '../engine-url.ts';
import type { ContainerFacts, Reach, Vantage } from '../facts.ts';

/**
 * Which addresses of containers can be reached from here. Pure.
 */
export interface Position {
  readonly target: EngineTarget;
  readonly platform: NodeJS.Platform;
  readonly gateway?: string | undefined;
  /** The container we run in, confirmed by the engine. */
  readonly self?: ContainerFacts | undefined;
  /** The one whose network that container shares. */
  readonly parent?: ContainerFacts | undefined;
  readonly installation?: EngineInstallation | undefined;
}

export function vantageOf(position: Position): Vantage {
  const { self } = position;
  if (!self) return { reach: fromOutside(position) };
  const project = self.labels['com.docker.compose.project'];
  return { reach: fromInside(position, self), selfId: self.id, ...(project !== undefined && { project }) };
}

function fromInside({ parent, gateway }: Position, self: ContainerFacts): Reach {
  const networking = parent && self.networking.kind === 'container' ? parent.networking : self.networking;
  if (networking.kind === 'host') return { kind: 'host' };
  const attachments = networking.kind === 'networks' ? networking.attachments : [];
  const networkIds = new Set(attachments.map(({ networkId }) => networkId).filter((id) => id !== ''));
  return { kind: 'networks', networkIds, ...(gateway !== undefined && { gateway }) };
}

/** The engine does not know a container that we would be in: we are on its host, or it is elsewhere. */
function fromOutside({ target, platform, installation }: Position): Reach {
  if (!isLocal(target)) return { kind: 'published', host: target.kind === 'socket' ? '127.0.0.1' : target.host };
  // The engine of macOS and Windows, and Docker Desktop's on Linux, runs in a virtual machine; a rootless one in a
  // network namespace of its own. Published ports are forwarded to this machine; container addresses lead nowhere.
  const apart =
    platform !== 'linux' || installation?.rootless === true || /^Docker Desktop\b/.test(installation?.platform ?? '');
  return apart ? { kind: 'published', host: '127.0.0.1' } : { kind: 'host' };
}
