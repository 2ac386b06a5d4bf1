/**
 * What searches found, as small as they made it. Each file of regressions/ is a plan file with two lines more: `why` it is kept,
 * and which checks its tracker must fail (`fails`); without that line it must fail none. The reference must fail none in any.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readPlanFile } from '../cli/plan-file.ts'
import * as trackers from '../proxy/tracker/index.ts'
import type { TrackerVariant } from '../proxy/tracker/tracker.ts'
import type { DrawnPlan, Plan } from '../sim/plan.ts'
import type { Scenario } from '../sim/scenario.ts'
import { playSeed } from '../sim/search/play-seed.ts'
import { openVirtual } from '../sim/worlds/virtual/index.ts'
import { luaEngine, scriptOf, sha1 } from '../sim/worlds/virtual/resources.ts'
import * as scenarios from './index.ts'

const folder = join(import.meta.dirname, 'regressions')
const about = z.looseObject({ why: z.string().min(40), fails: z.array(z.string()).min(1).optional() })
const resources = { engine: luaEngine(), scriptOf, sha1 }

async function played(plan: Plan, name: string) {
  const scenario = Object.values<Scenario>(scenarios).find(one => one.name === plan.scenario)!
  const tracker = Object.values<TrackerVariant>(trackers).find(one => one.name === name)!
  const open = (cast: DrawnPlan, tell: Parameters<typeof openVirtual>[0]['tell']) =>
    openVirtual({ plan: cast, tracker, resources, tell })
  return playSeed({ scenario, tracker, plan }, open)
}

describe.each(readdirSync(folder))('%s', file => {
  const path = join(folder, file)
  const { fails = [] } = about.parse(JSON.parse(readFileSync(path, 'utf8')))
  const { plan, tracker } = readPlanFile(path)
  const replay = `replay: npx stormproof replay scenarios/regressions/${file} --world virtual`

  test(fails.length ? `${tracker} fails ${fails.join(', ')}` : `${tracker} fails nothing`, async () => {
    const { failed, broke } = await played(plan, tracker)
    expect(broke, replay).toBeUndefined()
    if (fails.length === 0) expect(failed, replay).toEqual([])
    else expect(failed, replay).toEqual(expect.arrayContaining(fails))
  })

  test('the reference fails nothing', async () => {
    expect(await played(plan, 'lease'), `${replay} --tracker lease`).toMatchObject({ failed: [] })
  })
})
