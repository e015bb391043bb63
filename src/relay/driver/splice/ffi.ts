import type * as ffiTypes from 'node:ffi';
import type { signatures } from './libc-symbols.ts';

/**
 * Node's foreign function interface.
 */
export type Ffi = typeof ffiTypes;

/** A library whose functions can be called. It is closed once nothing refers to it. */
export type Library = ffiTypes.DynamicLibrary;

/** The functions of libc-symbols.ts. */
export type Functions = ReturnType<typeof ffiTypes.dlopen<typeof signatures>>['functions'];

/** The module; undefined where Node runs without it. */
export function ffiModule(): Ffi | undefined {
  return withoutFfiWarning(() => process.getBuiltinModule('node:ffi') as Ffi | undefined);
}

/** Loads node:ffi without Node's warning that it is experimental; every other warning is passed on. */
function withoutFfiWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning.bind(process);
  process.emitWarning = (warning: string | Error, ...rest: []) => {
    if (!String(warning).startsWith('FFI is an experimental feature')) emitWarning(warning, ...rest);
  };
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
