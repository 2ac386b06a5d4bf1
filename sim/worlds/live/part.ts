/**
 * A part: one process of the live world (a proxy, the providers, the tap, the cluster's keeper), steered over Node's IPC channel.
 * The runner asks, the part answers; events flow up in batches. A part ends by itself when its runner is gone, so nothing is left running.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { RawEvent } from '../../history.ts'
import { startWatchdog, watch } from './watchdog/index.ts'

/** Milliseconds on the host's monotonic clock, which all processes of one host share. */
export const hostNow = (): number => Number(process.hrtime.bigint()) / 1e6

type Question = { id: number; verb: string; argument: unknown }
type Answer = { id: number; value?: unknown; error?: string }
type Up = Answer | { events: RawEvent[] } | { ended: unknown }

export interface Part {
  name: string
  pid: number
  /** Calls a verb of the part; rejects with the part's own words, or when the part has gone. */
  ask<T>(verb: string, argument?: unknown): Promise<T>
  /** Lets the part end by itself (verb `stop`), then insists. Never rejects. */
  stop(): Promise<void>
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void
  /** Resolves when the process has ended, however it did. */
  gone: Promise<void>
  /** What its `stop` answered after SIGTERM; undefined when it ended otherwise. */
  ended: Promise<unknown>
}

export interface PartOptions {
  name: string
  main: URL
  onEvents?(events: RawEvent[]): void
  /** How long `stop` waits before SIGKILL. */
  patienceMs?: number
}

/** Starts a part's process; resolves at once, the first `ask` waits for it. Its stderr is the runner's. */
export function startPart({ name, main, onEvents, patienceMs = 5_000 }: PartOptions): Part {
  startWatchdog()
  // A session of its own: Ctrl-C reaches the runner alone, which heals first and then stops its parts.
  const child = fork(fileURLToPath(main), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    detached: true,
    execArgv: ['--no-webstorage'],
  })
  if (child.pid !== undefined) watch(child.pid)
  const waiting = new Map<number, { resolve(value: never): void; reject(error: Error): void }>()
  let lastId = 0
  let lastWord: unknown
  child.on('message', (message: Up) => {
    if ('events' in message) return onEvents?.(message.events)
    if ('ended' in message) {
      lastWord = message.ended
      return
    }
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error === undefined) asked?.resolve(message.value as never)
    else asked?.reject(new Error(`${name}: ${message.error}`))
  })
  const gone = new Promise<void>(resolve => {
    const end = () => {
      for (const { reject } of waiting.values()) reject(new Error(`${name}: the process has ended`))
      waiting.clear()
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  const ask = <T>(verb: string, argument?: unknown) =>
    new Promise<T>((resolve, reject) => {
      const id = ++lastId
      waiting.set(id, { resolve, reject })
      child.send({ id, verb, argument } satisfies Question, error => {
        if (error && waiting.delete(id)) reject(new Error(`${name}: the process has ended`))
      })
    })
  return {
    name,
    pid: child.pid ?? -1,
    ask,
    signal: signal => void child.kill(signal),
    gone,
    ended: gone.then(() => lastWord),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      ask('stop').catch(() => {})
      const insist = setTimeout(() => child.kill('SIGKILL'), patienceMs)
      await gone
      clearTimeout(insist)
    },
  }
}

/** The verbs of a part. `stop` releases what the part holds; the process ends after it. */
export type Verbs = { stop(): Promise<unknown> } & { [verb: string]: (argument: never) => Promise<unknown> }

const flushEveryMs = 50

/** The part's side: answers questions until it is told to stop or its runner is gone. */
export function servePart(makeVerbs: (emit: (event: RawEvent) => void) => Verbs): void {
  let events: RawEvent[] = []
  const flush = () => {
    if (events.length && process.connected) process.send?.({ events })
    events = []
  }
  const verbs = makeVerbs(event => void events.push(event))
  const beat = setInterval(flush, flushEveryMs)
  let stopping: Promise<unknown> | undefined
  const stop = () => (stopping ??= verbs.stop().finally(() => clearInterval(beat)))
  process.on('message', async ({ id, verb, argument }: Question) => {
    const answer: Answer = { id }
    try {
      const run = verb === 'stop' ? stop : verbs[verb]
      if (!run) throw new Error(`no verb ${verb}`)
      answer.value = await run(argument as never)
    } catch (error) {
      answer.error = error instanceof Error ? error.message : String(error)
    }
    flush()
    if (!process.connected) return
    process.send?.(answer, () => verb === 'stop' && process.exit(0))
  })
  process.on('SIGTERM', () =>
    stop().then(ended => {
      flush()
      if (!process.connected) process.exit(0)
      process.send?.({ ended } satisfies Up, () => process.exit(0))
    }),
  )
  process.on('disconnect', () => void stop().finally(() => process.exit(0)))
  // Ctrl-C in a shared terminal is the runner's to answer.
  process.on('SIGINT', () => {})
}
