import { setTimeout as sleep } from 'node:timers/promises'
import type { ProxyLever } from '../../../levers.ts'
import { notPulled, pulled, receipt } from '../../pulled.ts'
import { hostNow } from '../part.ts'
import { drainMs } from '../proxies/index.ts'
import type { Parts } from './index.ts'

/** Twice its deadline is a stopping proxy's own limit; whoever started it waits a little longer, then kills it. */
const graceMs = 3 * drainMs

export function proxyLever({ proxies, load }: Parts, n: number): ProxyLever {
  const proxy = proxies[n]!
  const { name } = proxy
  const gone = `${name} was dead already`
  const back = async () => {
    await proxy.start()
    await load.putBack(n)
  }
  return {
    async kill() {
      if (!proxy.isAlive) return notPulled(gone)
      const open = await load.takeOut(n)
      await proxy.kill()
      return pulled(back, () => receipt(open > 0, `${name} was killed with ${open} requests open`))
    },
    async freeze() {
      if (!proxy.isAlive) return notPulled(gone)
      const since = hostNow()
      proxy.freeze()
      let [lasted, waited] = [0, 0]
      return pulled(
        async () => {
          lasted = hostNow() - since
          waited = await load.open(n)
          proxy.thaw()
        },
        () =>
          receipt(
            waited > 0,
            `${name} did nothing for ${lasted.toFixed(0)} ms, in the end of which ${waited} requests waited for it`,
          ),
      )
    },
    async terminate() {
      if (!proxy.isAlive) return notPulled(gone)
      if (proxy.isEnding) return notPulled(`${name} was ending already`)
      const open = await load.takeOut(n)
      const ending = proxy.terminate()
      const deadline = sleep(graceMs, undefined, { ref: false })
      return pulled(
        async () => {
          await Promise.race([ending, deadline])
          await proxy.kill()
          await back()
        },
        async () => {
          const ended = await ending
          if (!ended) return receipt(false, `${name} did not end by itself within ${graceMs} ms`)
          const { afterMs, cut, unacknowledged } = ended
          const how = `${afterMs.toFixed(0)} ms after it was told, with ${open} requests open; ${cut} were cut, ${unacknowledged} releases not acknowledged`
          return receipt(true, `${name} ended by itself ${how}`)
        },
      )
    },
    async skew(byMs) {
      const says = await proxy.skew(byMs)
      return pulled(
        async () => void (await proxy.skew(-byMs)),
        () =>
          receipt(byMs !== 0, `${name} said that it was ${new Date(says).toISOString()}, ${byMs} ms from the truth`),
      )
    },
    async terminateSession(session) {
      if (!proxy.isAlive) return notPulled(gone)
      // A frozen one answers when it wakes.
      let answer = receipt(false, `${name} did not answer`)
      proxy.terminateSession(session).then(
        ({ attempts }) => {
          answer = receipt(attempts > 0, `${attempts} attempts of session ${session} were marked`)
        },
        error => {
          answer = receipt(false, String(error))
        },
      )
      return pulled(
        () => {},
        () => answer,
      )
    },
  }
}
