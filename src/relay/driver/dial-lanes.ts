import type { OpenSockets } from '../boundary/open-sockets.ts';
import type { DialLane } from './driver.ts';

/**
 * The two dials that a channel may have under way. The connection that is answered is the only one left, in whichever
 * lane it began.
 */
interface ClosableDial {
  /** Ends the dial; a second call does nothing. */
  close(): void;
}

export class DialLanes<Dial extends ClosableDial> {
  /** The dial in lane 0, or the connection that was answered. */
  first: Dial | undefined;
  #second: Dial | undefined;
  #hasTwo = false;
  readonly #sockets: OpenSockets;

  constructor(sockets: OpenSockets) {
    this.#sockets = sockets;
  }

  /** False where no socket is left for a dial in this lane beside the other one. */
  hasRoomFor(lane: DialLane): boolean {
    return (lane === 0 ? this.#second : this.first) === undefined || this.#sockets.hasRoom;
  }

  begin(lane: DialLane, dial: Dial): void {
    if (lane === 0) this.first = dial;
    else this.#second = dial;
    this.#count();
  }

  /** Ends the dial in the lane, or both where none is named. */
  close(lane?: DialLane): void {
    if (lane !== 1) {
      this.first?.close();
      this.first = undefined;
    }
    if (lane !== 0) {
      this.#second?.close();
      this.#second = undefined;
    }
    this.#count();
  }

  /** Keeps the dial that was answered, ends the other one, and returns the lane in which it began. */
  keep(dial: Dial): DialLane {
    const lane = this.laneOf(dial) ?? 0;
    this.close(lane === 0 ? 1 : 0);
    this.first = dial;
    this.#second = undefined;
    this.#count();
    return lane;
  }

  /** Undefined for a dial that has ended. */
  laneOf(dial: Dial): DialLane | undefined {
    if (dial === this.first) return 0;
    return dial === this.#second ? 1 : undefined;
  }

  #count(): void {
    this.#hasTwo = this.#sockets.countSecondDial(this.#hasTwo, this.first, this.#second);
  }
}
