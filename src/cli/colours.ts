/** Whether the stream is a terminal with colours, and NO_COLOR (https://no-color.org) does not forbid them. */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  // A stream that is no terminal has no method `hasColors`.
  return stream.isTTY && stream.hasColors();
}
