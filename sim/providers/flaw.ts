import type { Asked } from './asked.ts'

/** The one flaw that nobody is deceived by. */
export const saysSo = 'the stream says that it failed'

/** Why the body of a good answer that ended without an error is still not the whole answer; undefined when it is. */
export function flawOf(body: string, { shape, stream }: Pick<Asked, 'shape' | 'stream'>): string | undefined {
  if (!stream) return isJson(body) ? undefined : 'the body is not JSON'
  if (!terminators[shape].test(body)) return `the stream ended without ${names[shape]}`
  return errorEvent.test(body) ? saysSo : undefined
}

/** The protocol's last event, whole, with nothing but blank lines after it. */
const terminators = {
  anthropic: /^event: ?message_stop\r?\ndata:.*\r?\n\r?\n\s*$/m,
  openai: /^data: ?\[DONE\]\r?\n\r?\n\s*$/m,
}
/** In either protocol. */
const errorEvent = /^(event: ?error|data: ?\{"error":\s*[^\sn].*)\r?$/m
const names = { anthropic: 'message_stop', openai: '[DONE]' }

function isJson(body: string): boolean {
  try {
    JSON.parse(body)
    return true
  } catch {
    return false
  }
}
