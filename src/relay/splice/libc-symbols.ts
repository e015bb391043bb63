/**
 * The symbols of libc that libc.ts calls, glibc's and musl's alike, and what they take.
 *
 * Node calls all functions of one, two or three arguments through one wrapper each (lib/internal/ffi/fast-api.js), which
 * V8 makes a direct call of only as long as it has seen a single function there: 300 ns for a read instead of 600. So
 * `close`, `shutdown` and `read` are the only ones with one, two and three; the rest have four or more, the last ones
 * being padding (`pad`), which neither calling convention minds.
 */
const pad = 'int32';
export const signatures = {
  ['__errno_location']: { return: 'uint64', arguments: [] },
  accept4: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', 'int32'] },
  bind: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', pad] },
  close: { return: 'int32', arguments: ['int32'] },
  connect: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', pad] },
  epoll_create1: { return: 'int32', arguments: ['int32', pad, pad, pad] },
  epoll_ctl: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64'] },
  epoll_wait: { return: 'int32', arguments: ['int32', 'uint64', 'int32', 'int32'] },
  eventfd: { return: 'int32', arguments: ['uint32', 'int32', pad, pad] },
  fcntl: { return: 'int32', arguments: ['int32', 'int32', 'int32', pad] },
  getrlimit: { return: 'int32', arguments: ['int32', 'uint64', pad, pad] },
  getsockname: { return: 'int32', arguments: ['int32', 'uint64', 'uint64', pad] },
  getsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64', 'uint64'] },
  listen: { return: 'int32', arguments: ['int32', 'int32', pad, pad] },
  pipe2: { return: 'int32', arguments: ['uint64', 'int32', pad, pad] },
  read: { return: 'int32', arguments: ['int32', 'uint64', 'uint32'] },
  recv: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', 'int32'] },
  setrlimit: { return: 'int32', arguments: ['int32', 'uint64', pad, pad] },
  setsockopt: { return: 'int32', arguments: ['int32', 'int32', 'int32', 'uint64', 'uint32'] },
  shutdown: { return: 'int32', arguments: ['int32', 'int32'] },
  socket: { return: 'int32', arguments: ['int32', 'int32', 'int32', pad] },
  splice: { return: 'int32', arguments: ['int32', 'uint64', 'int32', 'uint64', 'uint32', 'uint32'] },
  send: { return: 'int32', arguments: ['int32', 'uint64', 'uint32', 'int32'] },
} as const;
