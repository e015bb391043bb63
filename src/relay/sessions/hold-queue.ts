/**
 * The waiting sessions of a hold, in order of their turns. A session that returns after a failed release gets its old place
 * again. It is a doubly linked list, since clients often leave from the middle.
 */
interface Waiting {
  readonly turn: number;
}

interface QueueNode<T> {
  readonly value: T;
  before: QueueNode<T> | undefined;
  after: QueueNode<T> | undefined;
}

export class HoldQueue<T extends Waiting> {
  readonly #nodes = new Map<T, QueueNode<T>>();
  #first: QueueNode<T> | undefined;
  #last: QueueNode<T> | undefined;

  get size(): number {
    return this.#nodes.size;
  }

  get first(): T | undefined {
    return this.#first?.value;
  }

  has(value: T): boolean {
    return this.#nodes.has(value);
  }

  /** False if the session was waiting already. */
  add(value: T): boolean {
    if (this.#nodes.has(value)) return false;
    // The search starts at the end, since an added session is nearly always the latest.
    let before = this.#last;
    while (before && before.value.turn > value.turn) before = before.before;
    const after = before ? before.after : this.#first;
    const node: QueueNode<T> = { value, before, after };
    if (before) before.after = node;
    else this.#first = node;
    if (after) after.before = node;
    else this.#last = node;
    this.#nodes.set(value, node);
    return true;
  }

  /** False if the session was not waiting. */
  remove(value: T): boolean {
    const node = this.#nodes.get(value);
    if (!node) return false;
    this.#nodes.delete(value);
    if (node.before) node.before.after = node.after;
    else this.#first = node.after;
    if (node.after) node.after.before = node.before;
    else this.#last = node.before;
    // A removed node must not point at any other: see linked-list.ts.
    node.before = undefined;
    node.after = undefined;
    return true;
  }

  /** All waiting sessions in order. */
  all(): readonly T[] {
    const all: T[] = [];
    for (let node = this.#first; node; node = node.after) all.push(node.value);
    return all;
  }
}
