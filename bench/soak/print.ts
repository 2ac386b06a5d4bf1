/** `npm run bench -- soak [requests]`: what a proxy still holds after many requests, and the level it had after a tenth of them. */
import { soak } from '../soak.ts'
import type { Memory } from './main.ts'

const mostGrowth = 1.2

/** Sets the exit code to 1 when memory did not come back to its level, or something was left. */
export async function printSoak([size = '60000']: readonly string[]): Promise<void> {
  const wanted = Number(size)
  if (!Number.isSafeInteger(wanted) || wanted < 100) throw new Error(`${size}: a whole number of requests from 100`)
  const { requests, abandoned, wallMs, early, late, growth, left } = await soak(wanted, 1)
  const perSecond = ((1000 * requests) / wallMs).toFixed(0)
  console.log(`${requests} requests, ${abandoned} abandoned, ${(wallMs / 1000).toFixed(0)} s, ${perSecond} a second`)
  console.log(`after a tenth  ${lineOf(early)}\nafter all      ${lineOf(late)}`)
  console.log(`growth of what is held: ${growth.toFixed(3)} × (at most ${mostGrowth})`)
  console.log(`left: ${JSON.stringify(left)}`)
  const isRest = Object.values(left).every(count => count === 0)
  if (growth >= mostGrowth || !isRest) process.exitCode = 1
}

const lineOf = ({ heldBytes, residentBytes }: Memory) => `${mb(heldBytes)} MB held, ${mb(residentBytes)} MB resident`
const mb = (bytes: number) => (bytes / 1e6).toFixed(1)
