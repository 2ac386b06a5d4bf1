/** The storm's clients in virtual time: each request leaves at its planned instant, and is told from the send to the end. */
import type { Millis } from '../../../proxy/ports.ts'
import { type Client, taken } from '../../../proxy/request.ts'
import { Stop } from '../../../proxy/stop.ts'
import type { Timer, VirtualClock } from '../../clock.ts'
import type { ClientEvent, Tell } from '../../history.ts'
import type { Leaving } from '../../load/load.ts'
import type { AskStep } from '../../plan.ts'
import { flawOf, saysSo } from '../../providers/flaw.ts'
import { retryAfterIn } from '../../providers/wire.ts'
import { decoded } from './encoded.ts'
import { type Instance, routed } from './instance.ts'
import type { Process } from './process.ts'
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
export function playAsks(asks: Iterable<AskStep>, origin: Millis, options: ClientsOptions): Promise<void> {
  const { clock, tell } = options
  return new Promise(resolve => {
    const coming = asks[Symbol.iterator]()
    let next = coming.next()
    let open = 0
    let sent = 0
    const ended = () => {
      if (--open > 0 || !next.done) return
      const played = { planned: sent, sent, dropped: 0, latenessP50Ms: 0, latenessP99Ms: 0 }
      tell({ at: clock.now(), from: 'client', kind: 'generator', ...played })
      resolve()
    }
    // One timer for all that is to come: a million asks would be a heap of a million.
    const sendDue = () => {
      for (; !next.done && origin + next.value.at <= clock.now(); next = coming.next()) {
        open++
        sent++
        const ask = next.value
        const played = ask.again ? sendOn(ask, ask.again.until, origin, options) : send(ask, options)
        played.then(ended)
      }
      if (!next.done) clock.after(origin + next.value.at - clock.now(), sendDue)
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
const send = (ask: AskStep, options: ClientsOptions): Promise<void> =>
  new Promise(resolve => new Sent(ask, options, resolve).go())

/** One request from its client's side, from the send to the end. */
class Sent implements Client {
  readonly signal = new Stop()
  readonly #ask: AskStep
  readonly #options: ClientsOptions
  readonly #instance: Instance | undefined
  readonly #process: Process | undefined
  readonly #resolve: () => void
  #status = 0
  #bytes = 0
  #retryAfterMs: Millis | undefined
  #ended = false
  readonly #chunks: Uint8Array[] = []
  readonly #deadline: Timer
  /** It leaves then, before its time. */
  #leaving: Timer | undefined

  constructor(ask: AskStep, options: ClientsOptions, resolve: () => void) {
    this.#ask = ask
    this.#options = options
    this.#resolve = resolve
    this.#instance = routed(options.instances, ask.via)
    this.#process = this.#instance?.process
    const { request, session, shape, stream } = ask
    const sentTo = this.#instance && { instance: this.#instance.name }
    this.#say({ kind: 'client-sent', request, session, plannedAt: options.clock.now(), shape, stream, ...sentTo })
    this.#deadline = options.clock.timer(deadlineMs, () => this.#giveUp('broken', `not ended within ${deadlineMs} ms`))
    this.#leaveAfter('send')
  }

  /** On its way. */
  go(): void {
    const { request, session, shape, stream } = this.#ask
    if (!this.#instance) return void this.#end('broken', 'no instance is in rotation')
    this.#instance.handle(new StormRequest({ request, session, shape, stream }), this).then(
      () => this.#options.over(request),
      error => this.#end('broken', `the proxy failed: ${String(error)}`),
    )
  }

  begin(code: number, headers: Readonly<Record<string, string>>): void {
    this.#status = code
    this.#retryAfterMs = retryAfterIn(headers['retry-after'])
  }

  write(chunk: Uint8Array): Promise<void> {
    if (this.#ended) return Promise.reject(left)
    if (this.#bytes === 0 && chunk.length) {
      this.#say({ kind: 'client-first-byte', request: this.#ask.request, status: this.#status })
      this.#leaveAfter('first-byte')
    }
    this.#bytes += chunk.length
    this.#chunks.push(chunk)
    return taken
  }

  end(): void {
    if (this.#status < 200 || this.#status >= 300) return void this.#end('answered')
    const flaw = flawIn(this.#chunks, this.#ask)
    this.#end(flaw === undefined ? 'complete' : 'broken', flaw, flaw !== undefined && flaw !== saysSo)
  }

  cut(): void {
    this.#end('broken', 'the proxy broke off')
  }

  #leaveAfter(moment: Leaving['after']) {
    const { leaves } = this.#ask
    if (leaves?.after !== moment) return
    const because = `left ${leaves.ms} ms after the ${moment}`
    this.#leaving = this.#options.clock.timer(leaves.ms, () => this.#giveUp('aborted', because))
  }

  #giveUp(outcome: 'broken' | 'aborted', because: string) {
    if (this.#ended) return
    this.#end(outcome, because)
    this.#process?.deliver(() => this.signal.abort(left))
  }

  #end(outcome: 'complete' | 'answered' | 'broken' | 'aborted', because?: string, hidden = false) {
    if (this.#ended) return
    this.#ended = true
    this.#deadline.cancel()
    this.#leaving?.cancel()
    this.#say({
      kind: 'client-ended',
      request: this.#ask.request,
      outcome,
      status: this.#status,
      bytes: this.#bytes,
      ...(because !== undefined && { because }),
      ...(hidden && { hidden }),
      ...(this.#retryAfterMs !== undefined && { retryAfterMs: this.#retryAfterMs }),
    })
    this.#resolve()
  }

  #say(event: ClientEvent) {
    this.#options.tell({ at: this.#options.clock.now(), from: 'client', ...event })
  }
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
