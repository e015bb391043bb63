import type { HealthPlan } from '../catalog/declaration.ts';
import { formatAddress } from '../address/address.ts';
import type { DirectNetworks } from '../network/direct-networks.ts';
import { isStranger } from '../network/strangers.ts';
import type { Endpoint } from '../relay/boundary/table.ts';
import { probeHttp } from './http-probe.ts';
import { connectFailure, probeTcp } from './tcp-probe.ts';
import type { ProbeResult } from './verdict.ts';

/**
 * Probes an address as its upstream's plan says. No packet is sent to a container whose network is gone.
 */
export type Probe = (endpoint: Endpoint, plan: HealthPlan, signal: AbortSignal) => Promise<ProbeResult>;

/** The timeout of a readiness probe, whose plan has none: nearly all ports accept or refuse a connection at once. */
const readinessTimeoutMs = 1_000;

export function createProbe(networks: DirectNetworks): Probe {
  return async (endpoint, plan, signal) => {
    if (endpoint.isDirect && networks.find(endpoint.host).kind === 'none') {
      return { ok: false, reason: connectFailure('ENETUNREACH', endpoint) };
    }
    const result = await probeByPlan(endpoint, plan, signal);
    if (!result.ok || !isStranger(endpoint)) return result;
    return { ok: false, reason: `another container has the address ${formatAddress(endpoint)}` };
  };
}

function probeByPlan(endpoint: Endpoint, plan: HealthPlan, signal: AbortSignal): Promise<ProbeResult> {
  switch (plan.kind) {
    case 'http':
      return probeHttp(endpoint, plan, signal);
    case 'tcp':
      return probeTcp(endpoint, plan.timeoutMs, signal);
    case 'none':
    case 'docker':
    case 'readiness':
      return probeTcp(endpoint, readinessTimeoutMs, signal);
  }
}
