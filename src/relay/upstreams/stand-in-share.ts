import { fnv1a, mix } from '../boundary/hash.ts';

/**
 * Decides which sessions are of a stand-in's share. They come at even distances: of 20 percent, each fifth session. Where a
 * client must come to the same upstream again, its address decides.
 */
export class StandInShare {
  readonly #key: string;
  /** The percents that sessions have added up to since the last that the stand-in got. */
  #credit: number;

  /** Each thread begins at another point, or their first sessions would all go the same way. */
  constructor(key: string, random: () => number) {
    this.#key = key;
    this.#credit = random() * 100;
  }

  takesNext(percent: number, client: string | undefined): boolean {
    if (percent >= 100) return true;
    if (client !== undefined) return (mix(fnv1a(client, fnv1a(this.#key, 0x811c9dc5))) >>> 0) % 100 < percent;
    this.#credit += percent;
    if (this.#credit < 100) return false;
    this.#credit -= 100;
    return true;
  }
}
