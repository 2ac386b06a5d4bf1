/** A meter folds over the history: it is told of what it asked for, and answers at the end. */
import { build, type Histogram } from 'hdr-histogram-js'
import type { Millis } from '../../proxy/ports.ts'
import type { Event } from '../history.ts'
import type { Called } from './hearing.ts'
import type { Change, Ledger } from './ledger.ts'
import type { Finding, Measurement } from './measurement.ts'

export type Figures = Record<string, number>

/** By kind: an event costs nothing where nobody asked for it. The ledger has seen it already; `change` is what it did to a seat. */
export type OnEvents = {
  readonly [K in Event['kind']]?: (
    event: Extract<Event, { kind: K }>,
    ledger: Ledger,
    change: Change | undefined,
  ) => void
}

export type OnChanges = {
  readonly [K in Change['kind']]?: (change: Extract<Change, { kind: K }>, ledger: Ledger) => void
}

export interface Meter {
  on?: OnEvents
  /** What an event did to a seat; after `on`. */
  when?: OnChanges
  /** Each call's begin and end a moment later, when it is known whether its proxy must have heard of it; before `passed`. */
  heard?(change: Called, heard: boolean, ledger: Ledger): void
  /** Time has come so far: before any event of this instant. */
  passed?(now: Millis, ledger: Ledger): void
  /** Its figures and findings; called once, after the last event. */
  done(ledger: Ledger): { figures: Figures } & Partial<Omit<Measurement, 'figures'>>
}

/** Milliseconds in a histogram of whole microseconds: percentiles are exact to three digits, and never averaged. */
export class Durations {
  readonly #histogram: Histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
  })

  add(ms: Millis): void {
    this.#histogram.recordValue(Math.round(Math.max(0, ms) * 1000))
  }

  get count(): number {
    return this.#histogram.totalCount
  }

  percentile(p: number): Millis {
    return this.#histogram.getValueAtPercentile(p) / 1000
  }

  /**
   * Where the median of what was sampled lies, whatever its distribution: the order statistics three standard deviations of a binomial
   * count around the middle (Conover, Practical Nonparametric Statistics, 3.2). Undefined below five samples, which say too little.
   */
  medianBand(): { atLeast: Millis; atMost: Millis } | undefined {
    const { count } = this
    if (count < 5) return undefined
    const aside = 1.5 * Math.sqrt(count)
    const rank = (wanted: number) => this.percentile((100 * Math.min(count, Math.max(1, wanted))) / count)
    return { atLeast: rank(Math.floor(count / 2 - aside)), atMost: rank(Math.ceil(count / 2 + aside)) }
  }

  /** `<name>.p50`, `.p90`, `.p99`, `.max` and `.samples`; nothing where there was no sample. */
  figures(name: string): Figures {
    if (this.count === 0) return {}
    return {
      [`${name}.p50`]: this.percentile(50),
      [`${name}.p90`]: this.percentile(90),
      [`${name}.p99`]: this.percentile(99),
      [`${name}.max`]: this.#histogram.maxValue / 1000,
      [`${name}.samples`]: this.count,
    }
  }
}

/** The first dozen: enough to show, and bounded however bad the run was. */
export class Findings {
  readonly list: Finding[] = []
  count = 0

  add(because: string, ...evidence: Event[]): void {
    this.count++
    if (this.list.length < 12) this.list.push({ because, evidence })
  }
}

export const seconds = (ms: Millis): string => `${(ms / 1000).toFixed(3)} s`
