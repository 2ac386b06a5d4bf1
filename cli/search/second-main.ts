/** The second process of a search: plays single seeds again, and answers their histories. Ends with its parent. */
import { playOrdered, type Subject } from './ordered.ts'

export interface Question {
  subject: Subject
  seed: number
}

export interface Reply {
  seed: number
  history: string
}

// Ctrl-C reaches the whole group; the parent decides when this process ends.
for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {})
process.on('disconnect', () => process.exit(0))

let playing = Promise.resolve()
process.on('message', ({ subject, seed }: Question) => {
  playing = playing.then(async () => {
    const { history = '' } = await playOrdered(subject, seed, true)
    const reply: Reply = { seed, history }
    process.send!(reply)
  })
})
