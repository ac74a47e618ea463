/** A Secret's `stringData` is for writing only: it ends up in `data`, in base64. Follows Convert_v1_Secret_To_core_Secret in pkg/apis/core/v1/conversion.go. */
import type { Secret } from '../generated/types.js'
import type { Loose } from '../loose.js'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

const utf8 = (text: string): readonly number[] => {
  const bytes: number[] = []
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    if (code < 0x80) bytes.push(code)
    else if (code < 0x800) bytes.push(0xc0 | (code >> 6), 0x80 | (code & 63))
    else if (code < 0x10000) bytes.push(0xe0 | (code >> 12), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
    else bytes.push(0xf0 | (code >> 18), 0x80 | ((code >> 12) & 63), 0x80 | ((code >> 6) & 63), 0x80 | (code & 63))
  }
  return bytes
}

const base64 = (text: string): string => {
  const bytes = utf8(text)
  let encoded = ''
  for (let index = 0; index < bytes.length; index += 3) {
    const [first = 0, second, third] = bytes.slice(index, index + 3)
    const bits = (first << 16) | ((second ?? 0) << 8) | (third ?? 0)
    encoded += `${alphabet.charAt(bits >> 18)}${alphabet.charAt((bits >> 12) & 63)}${second === undefined ? '=' : alphabet.charAt((bits >> 6) & 63)}${third === undefined ? '=' : alphabet.charAt(bits & 63)}`
  }
  return encoded
}

export const secretDataOf = (secret: Loose<Secret>): Loose<Secret> => {
  const { stringData, ...rest } = secret
  if (stringData === undefined) return secret
  const data = { ...secret.data, ...Object.fromEntries(Object.entries(stringData).map(([key, text]) => [key, base64(text)])) }
  return Object.keys(data).length === 0 ? rest : { ...rest, data }
}
