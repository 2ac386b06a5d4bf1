/** The same arrivals, thinned or doubled, in other sessions and other shapes: works on any load, whatever it plans. */
import type { Millis } from '../../../proxy/ports.ts'
import { drawLeaving, wholeMicros } from '../../load/draw.ts'
import type { Ask, Load } from '../../load/load.ts'
import { randomFor } from '../../random.ts'
import type { Draw } from './ranges.ts'

interface Surroundings {
  /** Where an instant of the scenario lies now. */
  time(at: Millis): Millis
  /** Sessions that keep their names and all their requests. */
  spared: ReadonlySet<unknown>
  draw: Draw
}

export function swarmedLoad(load: Load, { time, spared, draw }: Surroundings): Load {
  const { name } = load
  const rate = draw('rate', 1)
  const sessions = draw('sessions', 0)
  const streams = draw('streams', -1)
  const anthropic = draw('anthropic', -1)
  const leavers = draw('leavers', 0)
  const leavesWithinMs = draw('leavesWithinMs', 150)
  return {
    name,
    asks(seed) {
      const random = (...of: (string | number)[]) => randomFor(seed, 'swarm', name, ...of).next()
      const renamed = (session: string) =>
        sessions === 0 || spared.has(session) ? session : `shared-${Math.floor(random('session', session) * sessions)}`
      const twin = (ask: Ask): Ask[] =>
        random('twin', ask.session) < rate - 1
          ? [{ ...ask, session: `${ask.session}-twin`, at: ask.at + 50 * random('apart', ask.session) }]
          : []
      return [...load.asks(seed)]
        .filter(({ session }, n) => spared.has(session) || random('thinned', n) < rate)
        .flatMap(ask => [ask, ...twin(ask)])
        .map(
          (ask, n): Ask => ({
            ...ask,
            at: wholeMicros(time(ask.at)),
            session: renamed(ask.session),
            ...(ask.again && { again: { until: wholeMicros(time(ask.again.until)) } }),
            ...(streams >= 0 && { stream: random('stream', n) < streams }),
            ...(anthropic >= 0 && { shape: random('shape', n) < anthropic ? 'anthropic' : 'openai' }),
            ...(!spared.has(ask.session) &&
              random('leaves', n) < leavers && {
                leaves: drawLeaving(leavesWithinMs, randomFor(seed, 'swarm', name, 'leaving', n)),
              }),
          }),
        )
        .sort((a, b) => a.at - b.at)
    },
  }
}
