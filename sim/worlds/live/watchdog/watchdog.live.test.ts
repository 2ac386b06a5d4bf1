import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { allProcesses, type ProcessStat, statOf } from './proc.ts'

/** So long after its end nothing may be left of a runner. */
const leftForMs = 5_000

test.runIf(process.platform === 'linux')(
  'a runner that is killed amid a storm leaves nothing, stopped or not',
  async () => {
    const main = fileURLToPath(new URL('./abandoned.ts', import.meta.url))
    const runner = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'inherit'] })
    let family: ProcessStat[] = []
    const left = () => family.filter(({ pid, started }) => statOf(pid)?.started === started)
    try {
      await Promise.race([once(runner.stdout, 'data'), once(runner, 'exit')])
      family = descendants(runner.pid!)
      // A watchdog, six nodes and their keeper, a tap, a bystander, clients, providers, relays, and two proxies.
      expect(left().length).toBeGreaterThanOrEqual(15)
      runner.kill('SIGKILL')
      const deadline = performance.now() + leftForMs
      while (left().length && performance.now() < deadline) await sleep(50)
      expect(left()).toEqual([])
    } finally {
      runner.kill('SIGKILL')
      for (const { pid } of left()) process.kill(pid, 'SIGKILL')
    }
  },
)

function descendants(of: number): ProcessStat[] {
  const all = allProcesses()
  const found = all.filter(({ parent }) => parent === of)
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid))
  return found
}
