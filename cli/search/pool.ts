/** The threads that play seeds, long-lived: starting one costs as much as some seeds. */
import { Worker } from 'node:worker_threads'
import type { Outcome } from '../../sim/search/play-seed.ts'
import type { Subject } from './ordered.ts'
import type { Answer, Order } from './worker.ts'

/** Seeds of one subject, handed out together; `keep`: those of them whose histories are wanted. */
export type Batch = Omit<Order, 'order'>

export interface Work {
  /** What a thread plays next; undefined when nothing else could matter. */
  next(): Batch | undefined
  told(outcome: Outcome, subject: Subject): void
  /** Whether all that matters is known. */
  readonly over: boolean
}

export interface Pool {
  /** Resolves when the work is over. One call at a time. Rejects with the signal's reason once it fired. */
  play(work: Work): Promise<void>
  /** Ends the threads, whatever they do. */
  close(): Promise<void>
}

/**
 * What a run makes is mostly gone a millisecond later: in a young generation of the usual size much of it is copied first, which
 * takes a quarter of the time.
 */
const young = { maxYoungGenerationSizeMb: 48 }

/** So that no thread waits for its next order. */
const ordersAhead = 2

export function openPool(jobs: number, signal: AbortSignal): Pool {
  const workers = Array.from(
    { length: jobs },
    () => new Worker(new URL('./worker.ts', import.meta.url), { resourceLimits: young }),
  )
  const subjects = new Map<number, Subject>()
  let order = 0
  let fail: (error: unknown) => void = () => {}
  let failed: unknown
  const broken = (error: unknown) => {
    failed ??= error
    fail(failed)
  }
  const interrupt = () => broken(signal.reason)
  if (signal.aborted) interrupt()
  signal.addEventListener('abort', interrupt, { once: true })
  for (const worker of workers) {
    worker.on('error', broken)
    worker.on('exit', code => broken(new Error(`a thread of the search ended by itself (${code})`)))
  }

  return {
    play(work) {
      // What an earlier call had handed out, and did not need any more, is nobody's now.
      subjects.clear()
      return new Promise<void>((resolve, reject) => {
        if (failed !== undefined) return reject(failed)
        fail = reject
        const feed = (worker: Worker) => {
          const batch = work.next()
          if (!batch) return
          const next: Order = { order: order++, ...batch }
          subjects.set(next.order, batch.subject)
          worker.postMessage(next)
        }
        for (const worker of workers) {
          worker.removeAllListeners('message')
          worker.on('message', (answer: Answer) => {
            const subject = subjects.get(answer.order)
            if (!subject) return
            work.told(answer.outcome, subject)
            if (work.over) return resolve()
            if (!answer.last) return
            subjects.delete(answer.order)
            feed(worker)
          })
        }
        for (let n = 0; n < ordersAhead; n++) for (const worker of workers) feed(worker)
        if (work.over) resolve()
      })
    },
    async close() {
      signal.removeEventListener('abort', interrupt)
      fail = () => {}
      await Promise.all(workers.map(worker => worker.removeAllListeners('exit').terminate()))
    },
  }
}
