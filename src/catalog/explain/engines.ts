import type { EngineStatus } from '../../docker/engine-status.ts';
import type { Service } from '../service.ts';
import { bad } from './cause.ts';
import type { Diagnosis, Step } from './explanation.ts';
import type { EngineView, ExplainWorld } from './world.ts';

/**
 * What explanations say of engines: which of them a subject's containers are on, and which are slow or out of reach. Pure.
 */
export function engineSteps(engines: readonly EngineView[]): Step[] {
  if (engines.length === 0) return [{ step: 'engine', status: 'info', text: 'no engine is watched' }];
  return engines.map((engine): Step => {
    const { status, synced } = engine;
    switch (status.kind) {
      case 'connected': {
        const text = synced ? `${calledEngine(engine)} is watched` : `${listOf(engine)} is being read`;
        const isWell = synced && status.slow === undefined;
        return { step: 'engine', status: isWell ? 'ok' : 'warn', text: withPace(text, engine) };
      }
      case 'connecting':
      case 'disconnected':
        return { step: 'engine', status: 'bad', text: `${calledEngine(engine)} ${outOfReach(status)}` };
    }
  });
}

/** The names of the engines that the service's containers are on; undefined stands for the only one. */
export function engineNamesOf({ declarers, upstreams }: Service): (string | undefined)[] {
  return [
    ...declarers.flatMap((one) => (one.kind === 'container' ? [one.engine] : [])),
    ...upstreams.flatMap(({ declared }) => (declared.run ? [declared.engine] : [])),
  ];
}

/** Whether no container has a part in the service, so that nothing about engines and containers concerns it. */
export function isStatic({ declarers, upstreams }: Service): boolean {
  return (
    declarers.every(({ kind }) => kind !== 'container') && upstreams.every(({ declared }) => declared.run === undefined)
  );
}

/** The engines that the services' containers are on, and those that are out of reach: more of them may be there. */
export function enginesFor(services: readonly Service[], { engines }: ExplainWorld): readonly EngineView[] {
  const own = new Set(services.flatMap(engineNamesOf));
  return engines.filter(({ name, status }) => own.has(name) || status.kind !== 'connected');
}

/** One of these engines that was watched and is out of reach now, so that its containers are as last known. */
export function lostEngine(
  names: Iterable<string | undefined>,
  { engines }: ExplainWorld,
): (EngineView & { readonly status: { readonly kind: 'disconnected' } }) | undefined {
  const own = new Set(names);
  return engines.flatMap((one) => {
    const { status } = one;
    return status.kind === 'disconnected' && own.has(one.name) ? [{ ...one, status }] : [];
  })[0];
}

/** The diagnosis, after what matters more: that the engine of these names is out of reach, where it is. */
export function asLastKnown(diagnosis: Diagnosis, names: Iterable<string | undefined>, world: ExplainWorld): Diagnosis {
  const lost = lostEngine(names, world);
  // A drain is an operator's wish, which no engine knows.
  if (!lost || diagnosis.cause === 'drained') return diagnosis;
  const summary = `${calledEngine(lost)} ${outOfReach(lost.status)}; as last known, ${diagnosis.summary}`;
  return bad('engine-unreachable', summary, bringBack(lost));
}

export function bringBack(engine: EngineView): string {
  return `Bring ${calledEngine(engine)} back; Sealane goes on trying.`;
}

/** The engine as the subject of a sentence. */
export function calledEngine({ name }: EngineView): string {
  return name === undefined ? 'the engine' : `engine ${name}`;
}

export function listOf({ name }: EngineView): string {
  return name === undefined ? 'the list of containers' : `the list of containers of engine ${name}`;
}

/** The text, and the call that a slow engine has not answered promptly. */
export function withPace(text: string, engine: EngineView): string {
  const { status } = engine;
  return 'slow' in status && status.slow !== undefined ? `${text}; ${calledEngine(engine)} ${status.slow}` : text;
}

/** Why an engine is not watched now, as the rest of a sentence about it. */
export function outOfReach(status: EngineStatus): string {
  if (status.kind === 'connecting' && status.slow !== undefined) return status.slow;
  return `is out of reach: ${'reason' in status ? (status.reason ?? 'connecting') : 'connecting'}`;
}
