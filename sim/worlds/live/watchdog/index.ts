/** The watchdog, as the runner sees it: a process of its own that is told of each session the runner begins. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Leader } from './left.ts'
import { statOf } from './proc.ts'

let watchdog: ChildProcess | undefined

/** Started before the first that it watches. It never keeps the runner from ending. */
export function startWatchdog(): void {
  if (watchdog?.connected) return
  watchdog = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    detached: true,
    execArgv: ['--no-webstorage'],
  })
  watchdog.on('error', () => {})
  watchdog.unref()
  watchdog.channel?.unref()
}

/** Should this process end without it, the session of this one, and all that it starts, is ended. */
export function watch(pid: number): void {
  const stat = statOf(pid)
  if (stat) watchdog?.send({ pid, started: stat.started } satisfies Leader, () => {})
}
