import { defineConfig } from 'vitest/config';

/** The built app in a real browser. One file after the other: they share two cores. */
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A tree nobody has looked at is no reference: only `-u` writes one.
    update: 'none',
  },
});
