import { defineConfig } from 'vitest/config'

const exclude = ['**/node_modules/**', 'runs/**']

/** Unit tests and virtual storms run side by side; live tests one file after the other, because each starts a cluster on a small machine. */
export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'runs/tests.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...exclude, '**/*.sim.test.ts', '**/*.live.test.ts'],
          // Milliseconds, where the machine has nothing else to do.
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'sim',
          include: ['**/*.sim.test.ts'],
          exclude,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'live',
          include: ['**/*.live.test.ts'],
          exclude,
          fileParallelism: false,
          // Real processes on a shared machine: a second chance, and no third.
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
})
