/** Outlives its runner, and ends whatever of it is left a moment later: what is stopped cannot see that the runner is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Leader, leftOf } from './left.ts'
import { allProcesses } from './proc.ts'

/** So long they may end by themselves and clear their files away. */
const graceMs = 1_500

const leaders: Leader[] = []

process.on('message', (leader: Leader) => void leaders.push(leader))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.on('disconnect', async () => {
  const left = () => leftOf(leaders, allProcesses())
  for (const deadline = performance.now() + graceMs; left().length && performance.now() < deadline; ) await sleep(50)
  for (const { pid } of left()) {
    try {
      // Ends a stopped process too.
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself in between.
    }
  }
  process.exit(0)
})
