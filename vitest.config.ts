import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

// The commands and parts that tests start compile nothing twice: see stormproof.mjs.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/compiled')

const exclude = ['**/node_modules/**', 'runs/**']

/** What is judged by milliseconds, or by when a real server ran a command: it needs the machine for itself. */
const timed = ['**/world.live.test.ts', '**/differential.live.test.ts']

/** Tests run side by side, each live file with a cluster of its own; at last those that are timed, one after the other. */
export default defineConfig({
  test: {
    reporters: ['default', ['json', { outputFile: 'runs/tests.json' }]],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.ts'],
          exclude: [...exclude, '**/*.sim.test.ts', '**/*.live.test.ts'],
          // Left to itself vitest spares a core, which is half of a small machine.
          maxWorkers: 2,
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
          maxWorkers: 2,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'live',
          include: ['**/*.live.test.ts'],
          exclude: [...exclude, ...timed],
          // They mostly wait.
          maxWorkers: 4,
          // Real processes on a shared machine: a second chance, and no third.
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'timed',
          include: timed,
          exclude,
          fileParallelism: false,
          retry: 1,
          testTimeout: 60_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
