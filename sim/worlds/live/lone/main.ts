/** A lone server's keeper: the server is a child of this process, which ends it when its runner is gone. */
import { servePart } from '../part.ts'
import { type LoneServer, type LoneServerOptions, startLoneServer } from './server.ts'

let starting: Promise<LoneServer> | undefined

servePart(() => ({
  async start(options: LoneServerOptions) {
    starting = startLoneServer(options)
    return (await starting).path
  },
  async stop() {
    await (await starting?.catch(() => undefined))?.stop()
  },
}))
