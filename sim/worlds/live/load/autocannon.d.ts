/** The part of autocannon's programmatic interface that is used here: the package brings no types. */
declare module 'autocannon' {
  interface Request {
    method?: string
    path?: string
    headers?: Record<string, string>
    body?: string
  }
  interface Options {
    url: string
    connections: number
    /** Seconds. */
    duration: number
    timeout: number
    requests: {
      setupRequest(request: Request, context: Record<string, unknown>): Request
      onResponse(status: number, body: string, context: Record<string, unknown>, headers: Record<string, string>): void
    }[]
  }
  interface Result {
    errors: number
    timeouts: number
  }
  interface Running extends Promise<Result> {
    stop(): void
  }
  export default function autocannon(options: Options): Running
}
