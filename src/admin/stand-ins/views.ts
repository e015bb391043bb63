import { formatAddress } from '../../address/address.ts';
import { describeSilentSwap, describeSwap, type StandInLease } from '../../catalog/swap/stand-in.ts';
import { notProbedYet, type ServiceUpstream } from '../../catalog/upstream.ts';
import type { AdminReads } from '../source.ts';
import type { ApiStandIn } from './schema.ts';

/**
 * Turns stand-ins into the answers of the API.
 */
export function viewStandIns(source: AdminReads, service: string): ApiStandIn[] {
  return source.leasesOf(service).map((lease) => viewStandIn(source, lease));
}

export function viewStandIn(source: AdminReads, lease: StandInLease): ApiStandIn {
  const { service, standIn, takenAtMs, untilMs } = lease;
  const { id, address, owner, percent, strict, upstream } = standIn;
  const { clock } = source;
  const untilWallMs = Math.round(clock.wallMs() - clock.nowMs() + untilMs);
  const serving = source.leasesOf(service)[0]?.standIn;
  const serves = serving === undefined || serving === standIn;
  const shown = source
    .catalog()
    .services.get(service)
    ?.upstreams.find(({ declared }) => declared === upstream);
  const behind = serves ? null : serving.owner;
  return {
    id,
    service,
    address,
    owner,
    percent,
    strict,
    endpoints: upstream.endpoints.map(formatAddress),
    advice: upstream.silentAdvice ?? '',
    takenAt: new Date(takenAtMs).toISOString(),
    until: new Date(untilWallMs).toISOString(),
    serves,
    behind,
    state: serves ? (shown?.state.kind ?? 'starting') : null,
    reason: serves
      ? (shown?.state.reason ?? notProbedYet)
      : `the stand-in ${serving.address} of ${serving.owner} serves`,
    sessions: source.upstream(upstream.key)?.active ?? 0,
    text: textOf(lease, shown, behind),
  };
}

function textOf({ standIn }: StandInLease, shown: ServiceUpstream | undefined, behind: string | null): string {
  if (behind !== null) return `the stand-in ${standIn.address} of ${standIn.owner} waits until that of ${behind} ends`;
  return shown && shown.state.kind !== 'ready' ? describeSilentSwap(standIn, shown) : describeSwap(standIn);
}
