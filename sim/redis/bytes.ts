/** Text to byte strings and back: Redis and Lua see UTF-8, one character a byte. ASCII is the same in both. */

export const toBytes = (text: string): string => {
  if (isAscii(text)) return text
  return String.fromCharCode(...new TextEncoder().encode(text))
}

export const fromBytes = (bytes: string): string => {
  if (isAscii(bytes)) return bytes
  return new TextDecoder().decode(Uint8Array.from(bytes, char => char.charCodeAt(0)))
}

const isAscii = (text: string): boolean => {
  for (let n = 0; n < text.length; n++) if (text.charCodeAt(n) > 127) return false
  return true
}
