/**
 * The one primitive for chance. An address says what the choice is about; the answer is an index below `options`. Nothing is consumed:
 * the same address always gives the same answer under the seeded driver, so a new choice somewhere changes no other.
 */
export interface ChoiceAddress {
  /** A named source: `kubelet/container-start`. */
  readonly stream: string
  /** What the choice is about, unique within the stream: a uid, or `web-1#2`. */
  readonly key: string
}

/** A whole number in [0, options). `options` is at least 1. */
export type Choose = (address: ChoiceAddress, options: number) => number

const mix = (hash: number, text: string): number => {
  let value = hash
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193)
  }
  return value
}

const avalanche = (hash: number): number => {
  let value = hash
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

/** 32 well mixed bits of (seed, stream, key). */
export const drawBits = (seed: number, { stream, key }: ChoiceAddress): number =>
  avalanche(mix(mix(mix(0x811c9dc5 ^ seed, stream), '\u0000'), key) ^ Math.imul(seed, 0x9e3779b1))

/** The seeded driver: a hash of seed and address. */
export const seededChoose =
  (seed: number): Choose =>
  (address, options) =>
    options <= 1 ? 0 : Math.floor((drawBits(seed, address) / 4_294_967_296) * options)

/** The driver of a recorded counterexample: these addresses (`stream key`) are answered as written, the others by `otherwise`. */
export const overriddenChoose =
  (choices: Readonly<Record<string, number>>, otherwise: Choose): Choose =>
  (address, options) => {
    const forced = choices[`${address.stream} ${address.key}`]
    return forced !== undefined && forced < options ? forced : otherwise(address, options)
  }
