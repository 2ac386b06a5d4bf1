/** What any proxy costs: a server that asks the provider the same and passes the answer on, in a process of its own. It knows no limits, no store and no failures. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { Agent, request as call } from 'undici'
import { servePart } from '../../sim/worlds/live/part.ts'

servePart(() => {
  let server: Server | undefined
  const dispatcher = new Agent()
  return {
    async start(baseUrl: string) {
      server = createServer(async (request, response) => {
        try {
          const { 'content-type': type = 'application/json' } = request.headers
          const headers = { 'content-type': type }
          const answer = await call(baseUrl + request.url, { method: 'POST', headers, body: request, dispatcher })
          response.writeHead(answer.statusCode, answer.headers)
          await pipeline(answer.body, response)
        } catch {
          response.destroy()
        }
      })
      await new Promise<void>(resolve => server!.listen(0, '127.0.0.1', resolve))
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    async stop() {
      server?.closeAllConnections()
      server?.close()
      await dispatcher.destroy()
    },
  }
})
