/**
 * Owns whether everything was read that makes the snapshot of an engine complete: the containers of the first list, and of
 * the list that is read when more containers are of interest than before.
 */
export class SyncState {
  /** The keys of the list that have not been inspected; undefined before the first list. */
  #unanswered: Set<string> | undefined;
  #isListAwaited = true;

  get isSynced(): boolean {
    return !this.#isListAwaited && this.#unanswered?.size === 0;
  }

  /** The next list has containers that are missing in the snapshot. */
  awaitList(): void {
    this.#isListAwaited = true;
  }

  /** A list was read. `first` is needed beside the first one. Returns whether the snapshot is complete with it. */
  listed(inspected: readonly string[], first: string): boolean {
    if (!this.#isListAwaited) return false;
    this.#isListAwaited = false;
    this.#unanswered ??= new Set([first]);
    for (const key of inspected) this.#unanswered.add(key);
    return this.isSynced;
  }

  /** The first sync also waits for what the list did not name, such as the owner of a shared network. */
  needs(key: string): void {
    if (!this.isSynced) this.#unanswered?.add(key);
  }

  /** Returns whether the snapshot is complete now, and was not before. */
  answered(key: string): boolean {
    return this.#unanswered?.delete(key) === true && this.isSynced;
  }
}
