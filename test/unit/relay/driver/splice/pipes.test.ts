import { expect, test } from 'vitest';
import { PipePool, type PipeCalls } from '../../../../../src/relay/driver/splice/pipes.ts';

class FakeKernel implements PipeCalls {
  readonly open = new Set<number>();
  readonly resized: number[] = [];
  refuses: 'pipe' | 'resize' | undefined;
  #next = 10;

  get pipeWriteEnd(): number {
    return this.#next - 1;
  }

  pipe(): number {
    if (this.refuses === 'pipe') return -24;
    this.open.add(this.#next).add(this.#next + 1);
    this.#next += 2;
    return this.#next - 2;
  }

  resizePipe(fd: number, size: number): number {
    this.resized.push(fd);
    return this.refuses === 'resize' ? -1 : size;
  }

  close(fd: number): number {
    return this.open.delete(fd) ? 0 : -9;
  }
}

const options = { pipeSize: 1_048_576, maxPipes: 3, maxIdle: 1 };

test('a pipe that was given back is the next to be handed out', () => {
  const pool = new PipePool(new FakeKernel(), options);
  const pipe = pool.acquire();
  expect(pipe).toEqual({ readEnd: 10, writeEnd: 11, size: 1_048_576 });
  if (pipe) pool.release(pipe);
  expect(pool.acquire()).toBe(pipe);
  expect(pool.open).toBe(1);
});

test('the pool never has more pipes than allowed, and keeps no more than wanted', () => {
  const kernel = new FakeKernel();
  const pool = new PipePool(kernel, options);
  const taken = [pool.acquire(), pool.acquire(), pool.acquire()];
  expect(pool.acquire()).toBeUndefined();
  for (const pipe of taken) if (pipe) pool.release(pipe);
  expect(kernel.open.size).toBe(2);
  pool.close();
  expect(kernel.open.size).toBe(0);
  expect(pool.open).toBe(0);
});

test('a pipe with bytes left in it is closed, not kept', () => {
  const kernel = new FakeKernel();
  const pool = new PipePool(kernel, options);
  const pipe = pool.acquire();
  if (pipe) pool.discard(pipe);
  expect(kernel.open.size).toBe(0);
  expect(pool.acquire()).not.toBe(pipe);
});

test('the pool copes with a kernel that gives no pipe, or a small one', () => {
  const kernel = new FakeKernel();
  const pool = new PipePool(kernel, options);
  kernel.refuses = 'pipe';
  expect(pool.acquire()).toBeUndefined();
  expect(pool.open).toBe(0);
  kernel.refuses = 'resize';
  expect(pool.acquire()?.size).toBe(65_536);
});
