/** `stormproof search`: many seeds in virtual time on all cores; the first that fails is shrunk, told and kept. */
import * as trackers from '../proxy/tracker/index.ts'
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import * as scenarios from '../scenarios/index.ts'
import type { Scenario } from '../sim/scenario.ts'
import { isFailure, type Outcome } from '../sim/search/play-seed.ts'
import { Seeds } from '../sim/search/seeds.ts'
import { BadArgument, exitCodes, named } from './errors.ts'
import { prepareOut } from './out.ts'
import type { Progress } from './progress.ts'
import { found } from './search/found.ts'
import { playOrdered, type Subject, stormOf } from './search/ordered.ts'
import { openPool, type Pool } from './search/pool.ts'
import { openSecondProcess, type SecondProcess } from './search/second.ts'
import { amount, nameOf, progressOf, summaryOf } from './search/telling.ts'
import { alarm, type Difference, isPlayedTwice, type Player, playedTwice } from './search/twice.ts'

export interface SearchOptions {
  seeds: number
  from: number
  tracker: string
  swarm: boolean
  out: string
  /** Threads. */
  jobs: number
  failFast: boolean
}

/** What every search of one command shares. */
export interface Hands {
  pool: Pool
  second: SecondProcess
  progress: Progress
  signal: AbortSignal
}

/** Exit code: 70 where Stormproof itself is wrong, else the worst of all scenarios. */
export async function search(
  names: readonly string[],
  options: SearchOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<number> {
  const wanted = scenariosNamed(names)
  const tracker = named<TrackerVariant>('tracker', trackers, options.tracker)
  await prepareOut(options.out)
  const hands = {
    pool: openPool(Math.min(options.jobs, options.seeds), signal),
    second: openSecondProcess(),
    progress,
    signal,
  }
  const codes: number[] = []
  try {
    for (const { name } of wanted) {
      const subject = { scenario: name, tracker: tracker.name, swarm: options.swarm }
      codes.push(await searchOne(subject, options, hands))
      if (options.failFast && (codes.includes(exitCodes.failed) || codes.includes(exitCodes.ours))) break
    }
  } finally {
    hands.second.close()
    await hands.pool.close()
  }
  const { ours, failed, unknown, passed } = exitCodes
  return [ours, failed, unknown].find(code => codes.includes(code)) ?? passed
}

function scenariosNamed(names: readonly string[]): Scenario[] {
  const all = Object.values<Scenario>(scenarios).filter(({ worlds }) => worlds.includes('virtual'))
  if (names.includes('all')) return all
  const wanted = names.map(name => named<Scenario>('scenario', scenarios, name))
  const absent = wanted.find(scenario => !all.includes(scenario))
  if (absent) throw new BadArgument(`${absent.name} has no virtual world: it is played in ${absent.worlds.join(', ')}`)
  return wanted
}

/** Searches one scenario, and prints what came of it. */
export async function searchOne(subject: Subject, options: SearchOptions, hands: Hands): Promise<number> {
  const { progress, signal } = hands
  const began = performance.now()
  const { outcomes, tally, differences, twice } = await playAll(subject, options, hands)
  const wallMs = performance.now() - began
  progress.stop()
  for (const difference of differences) console.error(alarm(nameOf(subject), difference))
  const failures = outcomes.filter(isFailure)
  const unknown = outcomes.filter(outcome => !isFailure(outcome) && outcome.unknown.length > 0)
  const [first] = failures
  if (first) {
    console.log(`${nameOf(subject)}: ${reasonOf(first)}`)
    if (failures.length > 1)
      console.log(`${failures.length} of ${amount(tally.seeds, 'seed')} fail: ${listed(failures)}`)
    const told = await found(stormOf(subject, first.seed), first, options.out, progress, signal)
    progress.stop()
    console.log(told)
  } else console.log(summaryOf(subject, tally, { wallMs, twice, unknown }))
  if (unknown.length)
    console.log(`could not be judged: seed ${listed(unknown)}; seed ${unknown[0]!.seed}: ${unknown[0]!.unknown[0]}`)
  if (differences.length || failures.some(({ broke }) => broke !== undefined)) return exitCodes.ours
  const tolerated = subject.swarm ? Math.floor(tally.seeds / seedsPerSilent) : 0
  return first ? exitCodes.failed : unknown.length > tolerated ? exitCodes.unknown : exitCodes.passed
}

/** A swarm may draw a storm that says nothing about a claim. One in so many is told, and no more: the others were judged. */
const seedsPerSilent = 50

/** Plays every seed that matters, and some of them twice: see `isPlayedTwice`, and the first that fails. */
async function playAll(subject: Subject, options: SearchOptions, { pool, second, progress, signal }: Hands) {
  const { from, seeds: count, failFast, jobs } = options
  const batch = Math.max(1, Math.min(mostPerOrder, Math.floor(count / (4 * jobs))))
  const began = performance.now()
  const seeds = new Seeds({ from, count, batch, failFast })
  const comparing = new Map<number, Promise<Difference | undefined>>()
  const compare = (seed: number, first: Player) => {
    const difference = playedTwice(seed, first, again => second.play(subject, again))
    // Joined below.
    difference.catch(() => {})
    comparing.set(seed, difference)
  }
  const show = () => progressOf(subject, seeds.played, { count, wallMs: performance.now() - began })
  progress.step(`${nameOf(subject)}: ${amount(count, 'seed')} from ${from} …`)
  const keeps = (seed: number) => isPlayedTwice(seed, { from, count })
  await pool.play({
    next() {
      const batch = seeds.handOut()
      return batch.length ? { subject, seeds: batch, keep: batch.filter(keeps) } : undefined
    },
    // Histories are large, and are needed only once.
    told({ history, ...outcome }) {
      seeds.told(outcome)
      if (history !== undefined) compare(outcome.seed, async () => history)
      progress.update(show())
    },
    get over() {
      return seeds.over
    },
  })
  const failure = seeds.outcomes.find(isFailure)
  if (failure && !comparing.has(failure.seed))
    compare(failure.seed, async seed => (await playOrdered(subject, seed, true)).history!)
  const compared = await unlessInterrupted(signal, Promise.all(comparing.values()))
  const differences = compared.filter(one => one !== undefined)
  return { outcomes: seeds.outcomes, tally: seeds.tally, differences, twice: compared.length }
}

/** Well below a second's work: little is played in vain once a seed has failed. */
const mostPerOrder = 4

const reasonOf = ({ seed, failed, broke }: Outcome) =>
  broke === undefined ? `seed ${seed} fails ${failed.join(', ')}` : `seed ${seed} breaks the world down: ${broke}`

const listed = (outcomes: readonly Outcome[]) => {
  const shown = outcomes.slice(0, 12).map(({ seed }) => seed)
  return `${shown.join(', ')}${outcomes.length > shown.length ? ` and ${outcomes.length - shown.length} more` : ''}`
}

const unlessInterrupted = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
