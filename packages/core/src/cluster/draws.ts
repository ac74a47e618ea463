/** The random values that the API server makes: uids and name suffixes. Each is a draw at its own address. */
import type { Choose } from '../kernel/choose.js'
import { all32Bits, digitCode } from '../kernel/hexadecimal.js'

/** 32 other bits that depend on all of these. */
const stirred = (left: number, right: number): number => {
  let value = Math.imul(left ^ (right >>> 15), 0x85ebca6b) ^ right
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

const dash = 0x2d
const four = 0x34

/** A UUID of version 4 in shape. Two draws, 64 bits, tell one from another; the other digits follow from them. */
export const drawUid = (choose: Choose, about: string): string => {
  const a = choose({ stream: 'api/uid', key: about }, all32Bits)
  const d = choose({ stream: 'api/uid/low', key: about }, all32Bits)
  const b = stirred(a, d)
  const c = stirred(d, a)
  // One call makes one text. Ten pieces in a template take four times as long, and stay ten objects while nobody looks into it.
  return String.fromCharCode(
    digitCode(a, 28),
    digitCode(a, 24),
    digitCode(a, 20),
    digitCode(a, 16),
    digitCode(a, 12),
    digitCode(a, 8),
    digitCode(a, 4),
    digitCode(a, 0),
    dash,
    digitCode(b, 28),
    digitCode(b, 24),
    digitCode(b, 20),
    digitCode(b, 16),
    dash,
    four,
    digitCode(b, 8),
    digitCode(b, 4),
    digitCode(b, 0),
    dash,
    '89ab'.charCodeAt(c & 3),
    digitCode(c, 24),
    digitCode(c, 20),
    digitCode(c, 16),
    dash,
    digitCode(c, 12),
    digitCode(c, 8),
    digitCode(c, 4),
    digitCode(c, 0),
    digitCode(d, 28),
    digitCode(d, 24),
    digitCode(d, 20),
    digitCode(d, 16),
    digitCode(d, 12),
    digitCode(d, 8),
    digitCode(d, 4),
    digitCode(d, 0),
  )
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
