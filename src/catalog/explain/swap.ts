import type { Service } from '../service.ts';
import { describeSilentSwap, describeSwap, withoutStandIns } from '../swap/stand-in.ts';
import { bad } from './cause.ts';
import type { Diagnosis } from './explanation.ts';

/**
 * Diagnoses a service that a stand-in serves. Pure. `where`: its open addresses, for people; `own`: the diagnosis of the
 * service without its stand-in.
 */
export function diagnoseSwap(service: Service, where: string, own: Diagnosis): Diagnosis {
  const { name, standIn, upstreams } = service;
  const upstream = upstreams.find(({ declared }) => declared === standIn?.upstream);
  if (!standIn || !upstream) return own;
  const giveBack = `To give it back: sealane swap ${name} --back`;
  if (upstream.state.kind === 'ready' && upstream.weight > 0) {
    const summary = `${name} on ${where} is ${describeSwap(standIn)}`;
    if (standIn.percent === 100 || own.verdict === 'reachable')
      return { verdict: 'reachable', cause: 'swapped', summary, next: giveBack };
    return { ...own, verdict: 'degraded', summary: `${summary}; of the others: ${own.summary}` };
  }
  const summary = `${name} on ${where} is ${describeSilentSwap(standIn, upstream)}`;
  const next = `${standIn.upstream.silentAdvice} ${giveBack}`;
  if (standIn.strict || own.verdict === 'unreachable') return bad('stand-in-silent', summary, next);
  return { verdict: 'degraded', cause: 'stand-in-silent', summary, next };
}

/** The service as it would be without its stand-in. */
export function withoutSwap({ standIn: _standIn, ...service }: Service): Service {
  return { ...service, upstreams: withoutStandIns(service.upstreams) };
}
