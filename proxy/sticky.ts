/** Which provider a session used last with success, for an idle window: a preference among equals, kept in a key of its own. */
import type { Millis, Ports } from './ports.ts'
import { memberOf } from './tracker/keys.ts'
import type { Script } from './tracker/tracker.ts'

const read: Script = { name: 'sticky-read', files: ['sticky/read.lua'], keys: 1 }
const write: Script = { name: 'sticky-write', files: ['sticky/write.lua'], keys: 1 }

/** A preference that takes longer is not worth waiting for. */
const patienceMs: Millis = 50

export interface Stickiness {
  /** The provider's id. Undefined where nothing is known, or not soon enough; never rejects. */
  preferred(session: string): Promise<string | undefined>
  /** Not waited for: a preference that is lost is no loss. */
  remember(session: string, provider: string): void
}

export const stickyKey = (session: string): string => `{session:${memberOf(session)}}`

export function createStickiness(windowMs: Millis, { clock, store, emit }: Ports): Stickiness {
  async function ask(
    doing: string,
    provider: string,
    script: Script,
    session: string,
    args: readonly (string | number)[],
  ) {
    try {
      return await store.run(script, [stickyKey(session)], args)
    } catch (error) {
      emit({ kind: 'store-trouble', doing, provider, because: String(error) })
      return undefined
    }
  }
  return {
    async preferred(session) {
      const asked = ask('prefer', '', read, session, [])
      let cancel = () => {}
      const late = new Promise<undefined>(resolve => {
        cancel = clock.after(patienceMs, () => resolve(undefined))
      })
      const id = await Promise.race([asked, late])
      cancel()
      return typeof id === 'string' ? id : undefined
    },
    remember(session, provider) {
      void ask('remember', provider, write, session, [provider, windowMs])
    },
  }
}
