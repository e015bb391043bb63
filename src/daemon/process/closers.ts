/** How to close each part that runs as soon as it is made, in the order in which they were made. */
export type Closers = (() => void | Promise<void>)[];

/**
 * Closes all parts of a start that failed, the latest first. An error of a part is dropped: it keeps no other part open,
 * and does not hide the error of the start, which is the one to mend.
 */
export async function closeAll(closers: Closers): Promise<void> {
  for (const close of closers.toReversed()) {
    try {
      await close();
    } catch {
      // The next part is closed all the same.
    }
  }
}
