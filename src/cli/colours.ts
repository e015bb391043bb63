/** Whether this stream shows colours and nobody asked for none (NO_COLOR, https://no-color.org). */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  // Not a method of what is no terminal.
  return stream.isTTY && stream.hasColors();
}
