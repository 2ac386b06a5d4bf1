/** What a node answers, as RESP2 has it (redis.io/docs/reference/protocol-spec). Strings are byte strings: one character a byte. */
export type Reply = number | bigint | string | null | { ok: string } | { err: string } | readonly Reply[]

/** An error reply on its way out; `message` is Redis's own text, code first. */
export class RedisError extends Error {
  /** Script errors of one kind are one error: a stack would cost more than the command. */
  static override stackTraceLimit = 0
}

export const isError = (reply: Reply): reply is { err: string } =>
  typeof reply === 'object' && reply !== null && 'err' in reply

/** Up to the first NUL. */
export const cString = (text: string): string => text.split('\0', 1)[0]!

/** On the wire a line break would end an error or a status. */
export const oneLine = (text: string): string => cString(text).replaceAll(/[\r\n]/g, ' ')

/** The same of a text that loses the line breaks at its end. */
export const trimmedLine = (text: string): string => oneLine(cString(text).replace(/[\r\n]+$/, ''))
