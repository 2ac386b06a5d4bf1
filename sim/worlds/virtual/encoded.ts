/** The bytes of what providers say. They say the same few things again and again: each is encoded, and read, once. */

const encoder = new TextEncoder()
const bytesOf = new Map<string, Uint8Array>()
const textOf = new WeakMap<Uint8Array, string>()

export function encoded(text: string): Uint8Array {
  let bytes = bytesOf.get(text)
  if (!bytes) {
    bytes = encoder.encode(text)
    if (bytesOf.size > 10_000) bytesOf.clear()
    bytesOf.set(text, bytes)
    textOf.set(bytes, text)
  }
  return bytes
}

export const decoded = (bytes: Uint8Array): string => textOf.get(bytes) ?? new TextDecoder().decode(bytes)
