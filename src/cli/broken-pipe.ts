/**
 * Ends a command when the reader of its output closes the pipe, as in `sealane events -f | head`.
 */
/** 128 + SIGPIPE: the code that shells report for a program that SIGPIPE ended. Node ignores that signal. */
const brokenPipeExitCode = 141;

/** Ends the process on EPIPE, unless `hasMoreToDo`: a command that serves goes on without its output. */
export function endOnBrokenPipe(hasMoreToDo: () => boolean): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (hasMoreToDo()) return;
    if (code === 'EPIPE') process.exit(brokenPipeExitCode);
    process.stderr.write(`sealane: cannot write: ${message}\n`);
    process.exit(1);
  });
  // There is no place to report an error of standard error.
  process.stderr.on('error', () => {});
}
