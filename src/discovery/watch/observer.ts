import type { ContainerFacts, EngineEvent } from '../../docker/facts.ts';

/** Observes the events of followed containers and their effects. */
export interface WatchObserver {
  /**
   * An event arrived. `facts` are those of the container before the event. `matters` tells whether the event changes
   * facts or leads to an inspect of its container.
   */
  onEvent(event: EngineEvent, facts: ContainerFacts | undefined, effect: { readonly matters: boolean }): void;
  /**
   * An event or an inspect was applied. `changed` tells whether the snapshot changed; `settled`, that no inspect of the
   * container is pending, so that earlier events have no further effects.
   */
  onApplied(containerId: string, effect: { readonly changed: boolean; readonly settled: boolean }): void;
}

/** Hears the event stream itself, also events of containers that are not followed. */
export interface StreamListener {
  /** Events are heard from now on, or again. */
  onOpen(): void;
  /** No events are heard. */
  onLost(): void;
  onEvent(event: EngineEvent): void;
}
