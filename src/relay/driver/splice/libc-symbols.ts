/**
 * The symbols of libc that libc.ts calls, glibc's and musl's alike.
 *
 * Every argument is declared as a pointer, whatever its type: pointers and integers travel in the same registers, and
 * no negative number is ever passed. Arguments of other types are checked by JavaScript wrappers that all functions of
 * one arity share (lib/internal/ffi/fast-api.js). A function of two or more pointers has no wrapper, and V8 calls it
 * directly: 150–200 ns for a call that fails at once, of which the kernel takes 100, instead of 230–570 (measured).
 * Where libc takes one argument, the second one is padding, which neither calling convention minds.
 */
const [two, three, four, five, six] = [
  ['pointer', 'pointer'],
  ['pointer', 'pointer', 'pointer'],
  ['pointer', 'pointer', 'pointer', 'pointer'],
  ['pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
  ['pointer', 'pointer', 'pointer', 'pointer', 'pointer', 'pointer'],
] as const;

/** Arguments of other functions that are called as these are. */
export { two, three, four, six };

export const signatures = {
  ['__errno_location']: { return: 'pointer', arguments: [] },
  accept4: { return: 'int32', arguments: four },
  bind: { return: 'int32', arguments: three },
  close: { return: 'int32', arguments: two },
  connect: { return: 'int32', arguments: three },
  epoll_create1: { return: 'int32', arguments: two },
  epoll_ctl: { return: 'int32', arguments: four },
  epoll_wait: { return: 'int32', arguments: four },
  eventfd: { return: 'int32', arguments: two },
  fcntl: { return: 'int32', arguments: three },
  getsockname: { return: 'int32', arguments: three },
  getsockopt: { return: 'int32', arguments: five },
  listen: { return: 'int32', arguments: two },
  pipe2: { return: 'int32', arguments: two },
  recv: { return: 'int32', arguments: four },
  setsockopt: { return: 'int32', arguments: five },
  shutdown: { return: 'int32', arguments: two },
  socket: { return: 'int32', arguments: three },
  splice: { return: 'int32', arguments: six },
  send: { return: 'int32', arguments: four },
} as const;

/** A number as an argument. V8 passes a BigInt known to have 32 bits as it is, and really allocates any other. */
export function word(value: number): bigint {
  return BigInt(value | 0);
}
