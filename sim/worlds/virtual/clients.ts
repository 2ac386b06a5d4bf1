/** The storm's clients in virtual time: each request leaves at its planned instant, and is told from the send to the end. */
import type { Millis } from '../../../proxy/ports.ts'
import { type Client, taken } from '../../../proxy/request.ts'
import { Stop } from '../../../proxy/stop.ts'
import type { VirtualClock } from '../../clock.ts'
import type { ClientEvent, Tell } from '../../history.ts'
import type { Leaving } from '../../load/load.ts'
import type { AskStep } from '../../plan.ts'
import { flawOf, saysSo } from '../../providers/flaw.ts'
import { retryAfterIn } from '../../providers/wire.ts'
import { decoded } from './encoded.ts'
import { type Instance, routed } from './instance.ts'
import { StormRequest } from './providers.ts'

export interface ClientsOptions {
  clock: VirtualClock
  instances: readonly Instance[]
  tell: Tell
  /** Told when a request and all that it caused is over. */
  over(request: string): void
}

/** A request that takes longer is given up, and counts as broken. */
const deadlineMs = 30_000

/** Sends each ask at its time; resolves when the last one has ended. `origin`: the plan's time 0 on the clock. */
export function playAsks(asks: readonly AskStep[], origin: Millis, options: ClientsOptions): Promise<void> {
  const { clock, tell } = options
  return new Promise(resolve => {
    let open = 0
    let next = 0
    const ended = () => {
      if (--open > 0 || next < asks.length) return
      const played = { planned: asks.length, sent: asks.length, dropped: 0, latenessP50Ms: 0, latenessP99Ms: 0 }
      tell({ at: clock.now(), from: 'client', kind: 'generator', ...played })
      resolve()
    }
    // One timer for all that is to come: a million asks would be a heap of a million.
    const sendDue = () => {
      while (next < asks.length && origin + asks[next]!.at <= clock.now()) {
        open++
        const ask = asks[next++]!
        const played = ask.again ? sendOn(ask, ask.again.until, origin, options) : send(ask, options)
        played.then(ended)
      }
      if (next < asks.length) clock.after(origin + asks[next]!.at - clock.now(), sendDue)
    }
    open++
    sendDue()
    ended()
  })
}

/** Between an answer and the next request of a closed loop. Without it a refusal that takes no time would stop all time. */
const breathMs: Millis = 1

/** Resolves when the client asks no more. */
async function sendOn(ask: AskStep, until: Millis, origin: Millis, options: ClientsOptions): Promise<void> {
  await send(ask, options)
  const { request, session } = ask
  const { clock } = options
  for (let n = 1; clock.now() + breathMs < origin + until; n++) {
    await clock.sleep(breathMs)
    await send({ ...ask, request: `${request}.${n}`, session: `${session}.${n}` }, options)
  }
}

/** Resolves when the request has ended for its client; never rejects. */
function send(ask: AskStep, { clock, instances, tell, over }: ClientsOptions): Promise<void> {
  const { request, session, shape, stream, via, leaves } = ask
  const say = (event: ClientEvent) => tell({ at: clock.now(), from: 'client', ...event })
  const instance = routed(instances, via)
  const process = instance?.process
  const sentTo = instance && { instance: instance.name }
  say({ kind: 'client-sent', request, session, plannedAt: clock.now(), shape, stream, ...sentTo })
  return new Promise(resolve => {
    const gone = new Stop()
    let status = 0
    let bytes = 0
    let retryAfterMs: Millis | undefined
    let ended = false
    const chunks: Uint8Array[] = []
    const end = (outcome: 'complete' | 'answered' | 'broken' | 'aborted', because?: string, hidden = false) => {
      if (ended) return
      ended = true
      giveUp()
      stay()
      say({
        kind: 'client-ended',
        request,
        outcome,
        status,
        bytes,
        ...(because !== undefined && { because }),
        ...(hidden && { hidden }),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      })
      resolve()
    }
    const leave = (outcome: 'broken' | 'aborted', because: string) => {
      if (ended) return
      end(outcome, because)
      process?.deliver(() => gone.abort(left))
    }
    const giveUp = clock.after(deadlineMs, () => leave('broken', `not ended within ${deadlineMs} ms`))
    let stay = () => {}
    const leaveAfter = (moment: Leaving['after']) => {
      if (leaves?.after === moment)
        stay = clock.after(leaves.ms, () => leave('aborted', `left ${leaves.ms} ms after the ${moment}`))
    }
    leaveAfter('send')
    const client: Client = {
      signal: gone,
      begin(code, headers) {
        status = code
        retryAfterMs = retryAfterIn(headers['retry-after'])
      },
      write(chunk) {
        if (ended) return Promise.reject(left)
        if (bytes === 0 && chunk.length) {
          say({ kind: 'client-first-byte', request, status })
          leaveAfter('first-byte')
        }
        bytes += chunk.length
        chunks.push(chunk)
        return taken
      },
      end() {
        if (status < 200 || status >= 300) return end('answered')
        const flaw = flawIn(chunks, ask)
        end(flaw === undefined ? 'complete' : 'broken', flaw, flaw !== undefined && flaw !== saysSo)
      },
      cut: () => end('broken', 'the proxy broke off'),
    }
    if (!instance) return end('broken', 'no instance is in rotation')
    instance.handle(new StormRequest({ request, session, shape, stream }), client).then(
      () => over(request),
      error => end('broken', `the proxy failed: ${String(error)}`),
    )
  })
}

const left = new Error('the client has left')

/** Of whole answers already judged: the last chunk, and all of them. Providers say the same few things. */
const flawless = new WeakSet<Uint8Array>()
const harmless = new WeakSet<Uint8Array>()

function flawIn(chunks: readonly Uint8Array[], ask: AskStep): string | undefined {
  const last = chunks.at(-1)
  // Of a stream the last chunk decides, if no other one is an error; of a plain answer it is the answer.
  const alone = ask.stream || chunks.length === 1
  if (last && alone && flawless.has(last) && chunks.every(chunk => harmless.has(chunk))) return undefined
  const flaw = flawOf(chunks.map(decoded).join(''), ask)
  if (flaw === undefined && last && alone) {
    flawless.add(last)
    for (const chunk of chunks) harmless.add(chunk)
  }
  return flaw
}
