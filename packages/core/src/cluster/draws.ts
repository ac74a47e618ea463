/** The random values that the API server makes: uids and name suffixes. Each is a draw at its own address. */
import type { Choose } from '../kernel/choose.js'

const bytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Eight digits. */
const hex = (value: number): string =>
  `${bytes[value >>> 24] ?? ''}${bytes[(value >>> 16) & 255] ?? ''}${bytes[(value >>> 8) & 255] ?? ''}${bytes[value & 255] ?? ''}`

/** A UUID of version 4 in shape. */
export const drawUid = (choose: Choose, about: string): string => {
  const part = (name: string, options: number): number => choose({ stream: 'api/uid', key: `${about} ${name}` }, options)
  const [a, b, c, d] = [part('a', 4_294_967_296), part('b', 4_294_967_296), part('c', 4_294_967_296), part('d', 4_294_967_296)]
  const middle = hex(b)
  const rest = hex(c)
  return `${hex(a)}-${middle.slice(0, 4)}-4${middle.slice(5)}-${'89ab'.charAt(c & 3)}${rest.slice(1, 4)}-${rest.slice(4)}${hex(d)}`
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
