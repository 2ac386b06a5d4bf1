/** A process of its own that plays seeds again: what a thread shares with its siblings by accident, it does not. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Subject } from './ordered.ts'
import type { Question, Reply } from './second-main.ts'

export interface SecondProcess {
  /** The seed's history.ndjson. */
  play(subject: Subject, seed: number): Promise<string>
  close(): void
}

/** The process is started when it is first needed. */
export function openSecondProcess(): SecondProcess {
  let child: ChildProcess | undefined
  let last: Promise<unknown> = Promise.resolve()

  function ask(question: Question): Promise<string> {
    child ??= fork(fileURLToPath(new URL('./second-main.ts', import.meta.url)), { serialization: 'advanced' })
    const asked = child
    return new Promise((resolve, reject) => {
      const ended = () => reject(new Error(`the second process ended while it played seed ${question.seed}`))
      asked.once('error', reject)
      asked.once('exit', ended)
      asked.once('message', ({ history }: Reply) => {
        asked.off('exit', ended)
        asked.off('error', reject)
        resolve(history)
      })
      asked.send(question)
    })
  }

  return {
    play(subject, seed) {
      const history = last.then(() => ask({ subject, seed }))
      last = history.catch(() => {})
      return history
    },
    close() {
      child?.kill('SIGKILL')
    },
  }
}
