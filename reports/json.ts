import type { Report } from './report.ts'

export const json: Report = {
  name: 'json',
  claim: 'the run as run.json holds it',
  render: run => `${JSON.stringify(run, null, 2)}\n`,
}
