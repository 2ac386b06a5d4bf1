/** Passes a good answer on as it comes, in whole events: what a client has seen can always be followed by an error event. */
import { type Attempted, endedBy } from './attempted.ts'
import type { Call } from './call.ts'
import { Held } from './held.ts'
import { inspectorFor } from './inspect.ts'
import type { ProviderReply } from './provider.ts'
import { taken } from './request.ts'
import type { Running } from './running.ts'

/**
 * What cannot be trusted yet is held back, so that another provider may still speak. Rejects when either side breaks off.
 * A call that has lost its race is read on, and nothing of it is passed.
 */
export async function relay(reply: ProviderReply, call: Call, running: Running): Promise<Attempted> {
  const { stream, shape } = running.request
  const inspector = inspectorFor(stream, shape, reply.headers['content-type'] ?? '')
  const held = new Held()
  let speaks = false
  const { client } = running
  for await (const chunk of reply.chunks) {
    if (call.stopped) throw call.signal.reason
    call.patience.progress()
    const seen = inspector.see(chunk)
    if (!speaks) {
      if (seen === 'unsure') {
        if (held.keep(chunk)) continue
        return endedBy('malformed', call, running)
      }
      if (seen !== 'good') return endedBy(seen, call, running)
      if (!running.take(call)) continue
      speaks = true
      running.begin(reply)
    }
    for (const piece of held.pass(chunk, inspector.open)) {
      const write = client.write(piece)
      if (write !== taken) await call.waitFor(write)
    }
    running.told = held.torn || seen === 'error-event'
    if (seen !== 'good' && seen !== 'unsure') return endedBy(seen, call, running)
    call.complete = inspector.complete && held.isEmpty
  }
  if (call.stopped) throw call.signal.reason
  const wrong = inspector.end()
  if (wrong) return endedBy(wrong, call, running)
  if (!running.take(call)) return { outcome: 'hedge-loss' }
  if (!speaks) running.begin(reply)
  const rest = held.takeAll()
  // A stream whose last event lacks its blank line: it has said all, and its client is to hear it.
  if (stream && rest.length) rest.push(blankLine)
  for (const piece of rest) await call.waitFor(client.write(piece))
  return { outcome: 'ok' }
}

const blankLine = new TextEncoder().encode('\n\n')
