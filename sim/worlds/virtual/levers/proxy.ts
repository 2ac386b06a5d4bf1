import type { Millis } from '../../../../proxy/ports.ts'
import type { ProxyLever } from '../../../levers.ts'
import { notPulled, pulled, receipt } from '../../pulled.ts'
import type { Ended } from '../instance.ts'
import type { Parts } from './index.ts'

/** How long a proxy that stops waits for what still runs, as in the live world. */
const drainMs: Millis = 2_000

/** Twice that is its own limit; whoever started it waits a little longer, then kills it. */
const graceMs: Millis = 3 * drainMs

export function proxyLever({ clock, cluster, instances }: Parts, n: number): ProxyLever {
  const instance = instances[n]!
  const { name } = instance
  const gone = `${name} was dead already`
  return {
    async kill() {
      if (!instance.process.alive) return notPulled(gone)
      const { open } = instance
      instance.kill()
      return pulled(
        () => instance.start(),
        () => receipt(open > 0, `${name} was killed with ${open} requests open`),
      )
    },
    async freeze() {
      const { process } = instance
      if (!process.alive) return notPulled(gone)
      const [since, before] = [clock.now(), process.waited]
      const thaw = process.freeze()
      let [lasted, waited] = [0, 0]
      return pulled(
        () => {
          lasted = clock.now() - since
          waited = process.waited - before
          thaw()
        },
        () =>
          receipt(
            waited > 0,
            `${name} did nothing for ${lasted.toFixed(0)} ms, in which ${waited} things waited for it`,
          ),
      )
    },
    async terminate() {
      const { process } = instance
      if (!process.alive) return notPulled(gone)
      if (!instance.inRotation) return notPulled(`${name} was ending already`)
      const { open } = instance
      let ended: Ended | undefined
      const ending = instance.terminate(drainMs).then(how => {
        ended = how
      })
      const deadline = clock.sleep(graceMs)
      return pulled(
        async () => {
          await Promise.race([ending, deadline])
          process.end()
          instance.start()
        },
        () => {
          if (!ended) return receipt(false, `${name} did not end by itself within ${graceMs} ms`)
          const { afterMs, cut, unacknowledged } = ended
          const how = `${afterMs.toFixed(0)} ms after it was told, with ${open} requests open; ${cut} were cut, ${unacknowledged} releases not acknowledged`
          return receipt(true, `${name} ended by itself ${how}`)
        },
      )
    },
    async skew(byMs) {
      instance.clockErrorMs += byMs
      const says = new Date(cluster.wallNow() + instance.clockErrorMs).toISOString()
      return pulled(
        () => {
          instance.clockErrorMs -= byMs
        },
        () => receipt(byMs !== 0, `${name} said that it was ${says}, ${byMs} ms from the truth`),
      )
    },
    async terminateSession(session) {
      const { process, core } = instance
      let marked: number | undefined
      let trouble = `${name} did not answer`
      process.deliver(() => {
        core.terminate(session).then(
          ({ attempts }) => {
            marked = attempts
          },
          error => {
            trouble = String(error)
          },
        )
      })
      return pulled(
        () => {},
        () =>
          marked === undefined
            ? receipt(false, trouble)
            : receipt(marked > 0, `${marked} attempts of session ${session} were marked`),
      )
    },
  }
}
