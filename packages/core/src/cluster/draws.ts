/** The random values that the API server makes: uids and name suffixes. Each is a draw at its own address. */
import type { Choose } from '../kernel/choose.js'
import { all32Bits, eightDigits } from '../kernel/hexadecimal.js'

/** 32 other bits that depend on all of these. */
const stirred = (left: number, right: number): number => {
  let value = Math.imul(left ^ (right >>> 15), 0x85ebca6b) ^ right
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** A UUID of version 4 in shape. Two draws, 64 bits, tell one from another; the other digits follow from them. */
export const drawUid = (choose: Choose, about: string): string => {
  const a = choose({ stream: 'api/uid', key: about }, all32Bits)
  const d = choose({ stream: 'api/uid/low', key: about }, all32Bits)
  const b = stirred(a, d)
  const c = stirred(d, a)
  const middle = eightDigits(b)
  const rest = eightDigits(c)
  // Joined, it is one text; a template that nobody looks into stays the ten pieces it was made of, in an object each.
  return [
    `${eightDigits(a)}-`,
    `${middle.slice(0, 4)}-4${middle.slice(5)}-`,
    `${'89ab'.charAt(c & 3)}${rest.slice(1, 4)}-`,
    `${rest.slice(4)}${eightDigits(d)}`,
  ].join('')
}

const alphabet = 'bcdfghjklmnpqrstvwxz2456789'
const combinations = 27 ** 5

/** Five characters, as names.SimpleNameGenerator in apiserver/pkg/storage/names/generate.go makes them. */
export const drawSuffix = (choose: Choose, about: string): string => {
  let value = choose({ stream: 'api/name-suffix', key: about }, combinations)
  let suffix = ''
  for (let index = 0; index < 5; index += 1) {
    suffix += alphabet.charAt(value % 27)
    value = Math.floor(value / 27)
  }
  return suffix
}
