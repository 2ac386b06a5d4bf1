/** A Report renders one finished run. */
import type { RunRecord } from '../sim/run-record.ts'

export interface Report {
  name: string
  claim: string
  render(run: RunRecord, options: { colour: boolean }): string
}
