/** `npm run bench -- virtual [sizes]`: requests a wall second of one core, played, judged and written, from short storms to long ones. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Measured, measureStorm } from './virtual-storm.ts'

const usualSizes = [1_000, 10_000, 100_000, 1_000_000]

/** Each size in a process of its own, or one's memory would be the next one's. */
export async function virtual(args: readonly string[]): Promise<void> {
  const sizes = args.length ? args.map(Number) : usualSizes
  const bad = args.find((_, n) => !Number.isSafeInteger(sizes[n]) || sizes[n]! < 100)
  if (bad !== undefined) throw new Error(`${bad}: a size is a whole number of requests from 100`)
  console.log('requests   req/s   CPU µs each   scripts/s   simulated s/s   history MB   peak MB')
  const rows: Measured[] = []
  for (const size of sizes) {
    rows.push(await apart(size))
    console.log(lineOf(rows.at(-1)!))
  }
  const costs = rows.map(costUs)
  const spread = Math.max(...costs) / Math.min(...costs)
  console.log(`processor time a request within ${spread.toFixed(2)} × from ${sizes.at(0)} to ${sizes.at(-1)} requests`)
}

/** On the processor: what else the machine does at the time has less of a part in it. */
const costUs = ({ requests, cpuMs }: Measured) => (1000 * cpuMs) / requests

function lineOf(row: Measured): string {
  const { requests, wallMs, scripts, simulatedS, historyMB, peakMB } = row
  const perSecond = (count: number) => ((1000 * count) / wallMs).toFixed(0)
  return [
    String(requests).padStart(8),
    perSecond(requests).padStart(7),
    costUs(row).toFixed(0).padStart(13),
    perSecond(scripts).padStart(11),
    perSecond(simulatedS).padStart(15),
    historyMB.toFixed(0).padStart(12),
    peakMB.toFixed(0).padStart(9),
  ].join(' ')
}

function apart(requests: number): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [String(requests)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Left to itself the heap grows to several times of what is in use; and as for a search's threads, a larger young generation.
      execArgv: ['--max-old-space-size=320', '--max-semi-space-size=16'],
    })
    child.once('message', measured => resolve(measured as Measured))
    child.once('error', reject)
    child.once('exit', code => reject(new Error(`the bench's process ended with ${code}`)))
  })
}

if (process.send) {
  // The first storm of a process compiles what the next ones run.
  await measureStorm(3_000, 2)
  process.send(await measureStorm(Number(process.argv[2]), 1), () => process.exit(0))
}
