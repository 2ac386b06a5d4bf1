/** One thing an operator can ask. */
export interface Route {
  method: 'GET' | 'POST' | 'PUT'
  /** Matches a whole path; its one group is the parameter. */
  path: RegExp
  /** The path as a person writes it. */
  name: string
  /** Needs no key, whatever is configured: probes carry none. */
  open?: boolean
  /** `body`: parsed JSON, undefined where there was none. Throws a `Problem`. */
  answer(parameter: string, body: unknown): Answer | Promise<Answer>
}

export interface Answer {
  status: number
  type: string
  body: string
}

/** An answer that is an error. */
export class Problem extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export const json = (value: unknown, status = 200): Answer => ({
  status,
  type: 'application/json',
  body: `${JSON.stringify(value)}\n`,
})
