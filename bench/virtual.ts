/** `npm run bench -- virtual [sizes]`: requests a wall second of one core, played, judged and written, from short storms to long ones. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Measured, measureStorm, unjudgedUs } from './virtual-storm.ts'

const warmUps = 5

const usualSizes = [1_000, 10_000, 100_000, 1_000_000]

/** Each size in a process of its own, or one's memory would be the next one's. */
export async function virtual(args: readonly string[]): Promise<void> {
  const sizes = args.length ? args.map(Number) : usualSizes
  const bad = args.find((_, n) => !Number.isSafeInteger(sizes[n]) || sizes[n]! < 100)
  if (bad !== undefined) throw new Error(`${bad}: a size is a whole number of requests from 100`)
  console.log('requests   req/s   CPU µs each   unjudged   scripts/s   simulated s/s   history MB   peak MB')
  const rows: Row[] = []
  for (const size of sizes) {
    rows.push(await apart(size))
    console.log(lineOf(rows.at(-1)!))
  }
  const costs = rows.map(costUs)
  const spread = Math.max(...costs) / Math.min(...costs)
  console.log(`processor time a request within ${spread.toFixed(2)} × from ${sizes.at(0)} to ${sizes.at(-1)} requests`)
}

/** `unjudgedUs`: processor time a request where the history is written and nothing is measured; not of the longest storms. */
type Row = Measured & { unjudgedUs: number | undefined }

/** On the processor: what else the machine does at the time has less of a part in it. */
const costUs = ({ requests, cpuMs }: Measured) => (1000 * cpuMs) / requests

function lineOf(row: Row): string {
  const { requests, wallMs, unjudgedUs, scripts, simulatedS, historyMB, peakMB } = row
  const perSecond = (count: number) => ((1000 * count) / wallMs).toFixed(0)
  return [
    String(requests).padStart(8),
    perSecond(requests).padStart(7),
    costUs(row).toFixed(0).padStart(13),
    (unjudgedUs?.toFixed(0) ?? '-').padStart(10),
    perSecond(scripts).padStart(11),
    perSecond(simulatedS).padStart(15),
    historyMB.toFixed(0).padStart(12),
    peakMB.toFixed(0).padStart(9),
  ].join(' ')
}

function apart(requests: number): Promise<Row> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [String(requests)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Left to itself the heap grows to several times of what is in use. Nearly all that a request makes is gone when it is over:
      // a young generation that is large from the start has little to copy.
      execArgv: ['--max-old-space-size=320', '--min-semi-space-size=16', '--max-semi-space-size=16'],
    })
    child.once('message', measured => resolve(measured as Row))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the bench's process ended with ${code}`)))
  })
}

if (process.send) {
  // The first storms of a process compile what the next ones run; that takes seconds, and a longer storm than the shortest here.
  for (let n = 0; n < warmUps; n++) await measureStorm(5_000, 2)
  const size = Number(process.argv[2])
  const measured = await measureStorm(size, 1)
  process.send({ ...measured, unjudgedUs: size > 100_000 ? undefined : await unjudgedUs(size, 1) }, () =>
    process.exit(0),
  )
}
