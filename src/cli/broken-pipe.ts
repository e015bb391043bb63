/**
 * Ends a command whose output is no longer read, as in `sealane events -f | head`.
 */
/** 128 + SIGPIPE, which shells report of other programs; Node ignores that signal. */
const unreadCode = 141;

/** Ends the process, unless it has more to do than to print. */
export function endWhenUnread(hasMoreToDo: () => boolean): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (hasMoreToDo()) return;
    if (code === 'EPIPE') process.exit(unreadCode);
    process.stderr.write(`sealane: cannot write: ${message}\n`);
    process.exit(1);
  });
  // An error of standard error can be reported nowhere.
  process.stderr.on('error', () => {});
}
