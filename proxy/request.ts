/** What a client asks of the proxy, and the way back to it. */
import type { Shape } from './provider.ts'
import type { StopSignal } from './stop.ts'

export interface ProxyRequest {
  id: string
  /** The conversation a slot is held for, as the client named it. */
  session: string
  shape: Shape
  stream: boolean
  /** The body as it came; it goes upstream unchanged. */
  body: Uint8Array
  /** End-to-end headers that may go upstream; lower-case names. */
  headers: Readonly<Record<string, string>>
}

/** What `write` answers where the client can take more at once: nobody need wait for it. */
export const taken: Promise<void> = Promise.resolve()

/** The reply is *pushed*, so that whoever holds a slot also sees the end of the stream. */
export interface Client {
  begin(status: number, headers: Readonly<Record<string, string>>): void
  /** Resolves when the client can take more (`taken`: it can already); rejects when it has gone. */
  write(chunk: Uint8Array): Promise<void>
  end(): void
  /** Breaks the reply visibly: a cut stream must never look like a clean end. */
  cut(): void
  /** Fires when the client has gone. */
  signal: StopSignal
}
