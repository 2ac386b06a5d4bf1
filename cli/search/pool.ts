/** The threads of a search, long-lived: starting one costs as much as some seeds. */
import { Worker } from 'node:worker_threads'
import type { Outcome } from '../../sim/search/play-seed.ts'
import type { Seeds } from '../../sim/search/seeds.ts'
import type { Subject } from './ordered.ts'
import type { Answer, Order } from './worker.ts'

export interface Pool {
  /** Resolves when every seed that matters is known. One call at a time. Rejects with the signal's reason once it fired. */
  play(
    subject: Subject,
    seeds: Seeds,
    keeps: (seed: number) => boolean,
    told: (outcome: Outcome, history: string | undefined) => void,
  ): Promise<void>
  /** Ends the threads, whatever they do. */
  close(): Promise<void>
}

/** So that no thread waits for its next order. */
const ordersAhead = 2

export function openPool(jobs: number, signal: AbortSignal): Pool {
  const workers = Array.from({ length: jobs }, () => new Worker(new URL('./worker.ts', import.meta.url)))
  let order = 0
  let fail: (error: unknown) => void = () => {}
  let failed: unknown
  const broken = (error: unknown) => {
    failed ??= error
    fail(failed)
  }
  const interrupt = () => broken(signal.reason)
  signal.addEventListener('abort', interrupt, { once: true })
  for (const worker of workers) {
    worker.on('error', broken)
    worker.on('exit', code => broken(new Error(`a thread of the search ended by itself (${code})`)))
  }

  return {
    play(subject, seeds, keeps, told) {
      const first = order
      return new Promise<void>((resolve, reject) => {
        if (failed !== undefined) return reject(failed)
        fail = reject
        const feed = (worker: Worker) => {
          const batch = seeds.handOut()
          if (batch.length === 0) return
          const next: Order = { order: order++, subject, seeds: batch, keep: batch.filter(keeps) }
          worker.postMessage(next)
        }
        for (const worker of workers) {
          worker.removeAllListeners('message')
          worker.on('message', (answer: Answer) => {
            // What an earlier call had handed out, and did not need any more.
            if (answer.order < first) return
            // Histories are large, and are needed only once.
            const { history, ...outcome } = answer.outcome
            seeds.told(outcome)
            told(outcome, history)
            if (seeds.over) resolve()
            else if (answer.last) feed(worker)
          })
        }
        for (let n = 0; n < ordersAhead; n++) for (const worker of workers) feed(worker)
      })
    },
    async close() {
      signal.removeEventListener('abort', interrupt)
      fail = () => {}
      await Promise.all(workers.map(worker => worker.removeAllListeners('exit').terminate()))
    },
  }
}
