/** The two 32-bit hashes that Kubernetes names things by, and how it writes them down. */
import { utf8Bytes } from '../../kernel/hash.js'

const offsetBasis = 0x811c9dc5
const prime = 0x01000193

/** FNV-1: multiply, then xor. Over the UTF-8 bytes. */
export const fnv1 = (text: string): number => {
  let hash = offsetBasis
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index)
    if (unit > lastOfAscii) {
      for (const byte of utf8Bytes(text.slice(index))) hash = Math.imul(hash, prime) ^ byte
      break
    }
    hash = Math.imul(hash, prime) ^ unit
  }
  return hash >>> 0
}

/** Up to here a character is its one byte. */
const lastOfAscii = 0x7f

/** FNV-1a: xor, then multiply. Over the UTF-8 bytes of the text and the bytes after it. */
export const fnv1a = (text: string, bytesAfter: readonly number[] = []): number => {
  let hash = offsetBasis
  for (const byte of utf8Bytes(text)) hash = Math.imul(hash ^ byte, prime)
  for (const byte of bytesAfter) hash = Math.imul(hash ^ byte, prime)
  return hash >>> 0
}

/** FNV-1a with 128 bits, as hexadecimal text. Over the UTF-8 bytes. */
export const fnv1a128 = (text: string): string => {
  let hash = 0x6c62272e07bb014262b821756295c58dn
  for (const byte of utf8Bytes(text)) hash = BigInt.asUintN(128, (hash ^ BigInt(byte)) * 0x0000000001000000000000000000013bn)
  return hash.toString(16).padStart(32, '0')
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'

/** The number in decimal, each digit replaced by a letter that spells no words. Follows SafeEncodeString in apimachinery/pkg/util/rand/rand.go. */
export const encodeHash = (hash: number): string =>
  String(hash).replace(/[0-9]/g, (digit) => alphabet.charAt(digit.charCodeAt(0) % alphabet.length))
