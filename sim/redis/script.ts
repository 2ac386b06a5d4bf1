/** A script as text, with the hash that EVALSHA names it by. */
export interface ScriptText {
  /** A byte string. */
  text: string
  /** SHA-1, lower-case hexadecimal. */
  sha: string
}
