/** The operator's listener: health, metrics and actions. Never on the callers' port, and by default on loopback alone. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type Answer, Problem, type Route } from './admin/route.ts'
import { callerKeys } from './server/caller-keys.ts'

export interface AdminOptions {
  routes: readonly Route[]
  /** Undefined: whoever can connect may act. */
  key?: string | undefined
}

const mostBodyBytes = 4 * 1024

/** Not listening yet. */
export function serveAdmin({ routes, key }: AdminOptions): Server {
  const knows = callerKeys(key === undefined ? [] : [key])

  async function answer(incoming: IncomingMessage): Promise<Answer> {
    if (fromWebPage(incoming)) throw new Problem(403, 'not for web pages')
    const { pathname } = new URL(incoming.url ?? '/', 'http://admin')
    const here = routes.filter(({ path }) => path.test(pathname))
    if (here.length === 0) throw new Problem(404, `no such path; there are ${routes.map(nameOf).join(', ')}`)
    const route = here.find(({ method }) => method === incoming.method)
    if (!route) throw new Problem(405, `use ${here.map(({ method }) => method).join(' or ')}`)
    if (!route.open && !knows(incoming)) throw new Problem(401, 'unknown key')
    const [, parameter = ''] = route.path.exec(pathname)!
    return route.answer(decoded(parameter), await bodyOf(incoming))
  }

  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, async (incoming, outgoing) => {
    const { status, type, body } = await answer(incoming).catch(problemOf)
    reply(outgoing, status, type, body)
  })
  server.maxConnections = 100
  return server
}

/** Loopback is no wall against a page in the operator's browser: not to its forms, and not to a name that it rebinds. */
function fromWebPage({ headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  return headers.origin !== undefined || (site !== undefined && site !== 'none')
}

const nameOf = ({ method, name }: Route) => `${method} ${name}`

function decoded(parameter: string): string {
  try {
    return decodeURIComponent(parameter)
  } catch {
    throw new Problem(400, 'the path is not well-encoded')
  }
}

async function bodyOf(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of incoming) {
    size += chunk.length
    if (size > mostBodyBytes) throw new Problem(413, `a body may have ${mostBodyBytes} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    throw new Problem(400, 'the body is not JSON')
  }
}

/** The store's own words go to the operator, who must act on them. */
function problemOf(error: unknown): Answer {
  const { status, message } = error instanceof Problem ? error : { status: 503, message: String(error) }
  return { status, type: 'application/json', body: `${JSON.stringify({ error: message })}\n` }
}

function reply(outgoing: ServerResponse, status: number, type: string, body: string) {
  outgoing.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' })
  outgoing.end(body)
}
