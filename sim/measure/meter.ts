/** A meter folds over the history: it sees each event once, with what the event did, and answers at the end. */
import { build, type Histogram } from 'hdr-histogram-js'
import type { Millis } from '../../proxy/ports.ts'
import type { Event } from '../history.ts'
import type { Change, Ledger } from './ledger.ts'
import type { Finding, Measurement } from './measurement.ts'

export type Figures = Record<string, number>

export interface Meter {
  see(event: Event, change: Change | undefined, ledger: Ledger): void
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
