/** `npm run bench -- virtual [sizes]`: requests a wall second of one core, from short storms to long ones; played and written, and judged as well. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Judged, judgeStorm, type Played, playStorm } from './virtual-storm.ts'

const warmUps = 5

const usualSizes = [1_000, 10_000, 100_000, 1_000_000]

/** Each kind and size in a process of its own, or one's memory, and what was compiled for one, would be the next one's. */
export async function virtual(args: readonly string[]): Promise<void> {
  const sizes = args.length ? args.map(Number) : usualSizes
  const bad = args.find((_, n) => !Number.isSafeInteger(sizes[n]) || sizes[n]! < 100)
  if (bad !== undefined) throw new Error(`${bad}: a size is a whole number of requests from 100`)
  console.log(headings)
  const rows: Row[] = []
  for (const size of sizes) {
    const played = size > longest ? undefined : await apart<Played>('played', size)
    rows.push({ played, judged: await apart<Judged>('judged', size) })
    console.log(lineOf(rows.at(-1)!))
  }
  const costs = rows.map(({ judged }) => costUs(judged))
  const spread = Math.max(...costs) / Math.min(...costs)
  console.log(
    `processor time a judged request within ${spread.toFixed(2)} × from ${sizes.at(0)} to ${sizes.at(-1)} requests`,
  )
}

/** The quickest of several plays: what other work on the machine took from them is not the storm's. The longest storms are played once, and judged. */
interface Row {
  played: Played | undefined
  judged: Judged
}

/** So many requests are played more than once, and without a judge. */
const longest = 100_000

const playsOf = (requests: number) => (requests > longest ? 1 : requests > 10_000 ? 3 : 12)

const headings = 'requests   played/s  CPU µs   judged/s  CPU µs   scripts/s   simulated s/s   history MB   peak MB'

function lineOf({ played, judged }: Row): string {
  const { requests, wallMs, scripts, simulatedS, historyMB, peakMB } = judged
  const perSecond = (count: number, ms: number) => ((1000 * count) / ms).toFixed(0)
  return [
    String(requests).padStart(8),
    (played ? perSecond(requests, played.wallMs) : '-').padStart(10),
    (played ? costUs(played).toFixed(0) : '-').padStart(7),
    perSecond(requests, wallMs).padStart(10),
    costUs(judged).toFixed(0).padStart(7),
    perSecond(scripts, wallMs).padStart(11),
    perSecond(simulatedS, wallMs).padStart(15),
    historyMB.toFixed(0).padStart(12),
    peakMB.toFixed(0).padStart(9),
  ].join(' ')
}

const costUs = ({ requests, cpuMs }: Played) => (1000 * cpuMs) / requests

const kinds = { played: playStorm, judged: judgeStorm }

function apart<T extends Played>(kind: keyof typeof kinds, requests: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [kind, String(requests)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Left to itself the heap grows to several times of what is in use. Nearly all that a request makes is gone when it is over:
      // a young generation that is large from the start has little to copy.
      execArgv: ['--max-old-space-size=300', '--min-semi-space-size=64', '--max-semi-space-size=64'],
    })
    child.once('message', best => resolve(best as T))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the bench's process ended with ${code}`)))
  })
}

if (process.send) {
  const [kind, size] = [process.argv[2] as keyof typeof kinds, Number(process.argv[3])]
  // The first storms of a process compile what the next ones run; that takes seconds, and a longer storm than the shortest here.
  for (let n = 0; n < warmUps; n++) await kinds[kind](5_000, 2)
  const best = await quickest(playsOf(size), () => kinds[kind](size, 1))
  process.send(best, () => process.exit(0))
}

async function quickest<T extends Played>(plays: number, play: () => Promise<T>): Promise<T> {
  let best: T | undefined
  for (let n = 0; n < plays; n++) {
    const one = await play()
    if (!best || one.wallMs < best.wallMs) best = one
  }
  return best!
}
