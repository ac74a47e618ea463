/**
 * Amounts of resources: `500m`, `1Gi`, `1e3`. Parsing, the canonical text that the API server stores, and exact arithmetic.
 * Follows staging/src/k8s.io/apimachinery/pkg/api/resource/{quantity,amount,suffix}.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '../kernel/json.js'
import { rememberedText } from '../kernel/remembered-text.js'

export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

/** unscaled × 10^scale. */
export interface Quantity {
  readonly unscaled: bigint
  readonly scale: number
  readonly format: QuantityFormat
  /** True when Kubernetes holds it as an arbitrary decimal (inf.Dec) and not as a scaled int64. Seen only in template hashes. */
  readonly isDecimal: boolean
  /** The text it was parsed from, where Kubernetes keeps that as already canonical; else ''. */
  readonly text: string
}

/** The three errors of ParseQuantity, word for word. */
export const quantityFormatError = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
export const quantityNumericError = 'unable to parse numeric part of quantity'
export const quantitySuffixError = "unable to parse quantity's suffix"

const decimalSuffixes: ReadonlyMap<string, number> = new Map([
  ['n', -9],
  ['u', -6],
  ['m', -3],
  ['', 0],
  ['k', 3],
  ['M', 6],
  ['G', 9],
  ['T', 12],
  ['P', 15],
  ['E', 18],
])
const decimalSuffixOf: ReadonlyMap<number, string> = new Map([...decimalSuffixes].map(([suffix, exponent]) => [exponent, suffix]))
const binarySuffixes: ReadonlyMap<string, number> = new Map([
  ['Ki', 10],
  ['Mi', 20],
  ['Gi', 30],
  ['Ti', 40],
  ['Pi', 50],
  ['Ei', 60],
])
const binarySuffixAt = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei']

const int64Max = 9_223_372_036_854_775_807n
const int64Min = -int64Max - 1n
const fitsInt64 = (value: bigint): boolean => value >= int64Min && value <= int64Max

/** Kubernetes allows no finer amount than a nano. */
const finestScale = -9

const powerOfTen = (exponent: number): bigint => 10n ** BigInt(exponent)

/** Differs from Kubernetes: larger exponents are refused, because comparing such an amount writes it out in as many digits. */
const exponentMax = 4_096

/** Follows suffixHandler.interpret. */
const interpretSuffix = (suffix: string): { readonly format: QuantityFormat; readonly exponent: number } | undefined => {
  const decimal = decimalSuffixes.get(suffix)
  if (decimal !== undefined) return { format: 'DecimalSI', exponent: decimal }
  const binary = binarySuffixes.get(suffix)
  if (binary !== undefined) return { format: 'BinarySI', exponent: binary }
  if (!/^[eE][+-]?[0-9]+$/.test(suffix)) return undefined
  const exponent = Number(suffix.slice(1))
  return Math.abs(exponent) <= exponentMax ? { format: 'DecimalExponent', exponent } : undefined
}

/** Sign, whole part without leading zeros, fraction if any, suffix. Follows parseQuantityString, which is laxer than the expression in the error. */
const quantityParts = /^([+-]?)0*([0-9]*)(?:\.([0-9]*))?([eEinumkKMGTP]*[+-]?[0-9]*)$/

/** The next multiple of 10^scale away from zero. */
const roundAwayFromZero = (unscaled: bigint, from: number, to: number): { readonly unscaled: bigint; readonly exact: boolean } => {
  if (from >= to) return { unscaled: unscaled * powerOfTen(from - to), exact: true }
  const divisor = powerOfTen(to - from)
  const quotient = unscaled / divisor
  const remainder = unscaled % divisor
  if (remainder === 0n) return { unscaled: quotient, exact: true }
  return { unscaled: unscaled < 0n ? quotient - 1n : quotient + 1n, exact: false }
}

const parseFresh = (text: string): E.Either<string, Quantity> => {
  if (text === '') return E.left(quantityFormatError)
  if (text === '0') return E.right({ unscaled: 0n, scale: 0, format: 'DecimalSI', isDecimal: false, text })
  const parts = quantityParts.exec(text)
  if (parts === null) return E.left(quantityFormatError)
  const [, sign = '', digits = '', fraction = '', suffix = ''] = parts
  const interpreted = interpretSuffix(suffix)
  if (interpreted === undefined) return E.left(quantitySuffixError)
  const { format, exponent } = interpreted
  const whole = digits === '' ? '0' : digits
  const isBinary = format === 'BinarySI'
  const sure = (magnitude: bigint): bigint => (sign === '-' ? -magnitude : magnitude)

  // The fast path of ParseQuantity: a scaled int64. Which path was taken shows only in the dump that template hashes are made of.
  const digitsToSpare = isBinary
    ? fraction === ''
      ? 15 - whole.length - Math.trunc((exponent * 3) / 10) - 1
      : -1
    : 18 - (whole.length + fraction.length)
  const fastScale = (isBinary ? 0 : exponent) - fraction.length
  if (digitsToSpare >= 0 && fastScale >= finestScale) {
    const shifted = whole + fraction
    const value = BigInt(shifted)
    if (!fitsInt64(value)) return E.left(quantityNumericError)
    const amount = isBinary ? value << BigInt(exponent) : value
    if (fitsInt64(amount)) {
      const isCanonical = isBinary ? (value & 7n) !== 0n : fastScale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0')
      return E.right({ unscaled: sure(amount), scale: fastScale, format, isDecimal: false, text: isCanonical ? text : '' })
    }
  }

  if (digits === '' && fraction === '' && !/[0-9]/.test(text.slice(0, text.length - suffix.length))) return E.left(quantityNumericError)
  let unscaled = BigInt(whole + fraction)
  let scale = -fraction.length
  if (isBinary) unscaled <<= BigInt(exponent)
  else scale += exponent
  if (unscaled !== 0n) {
    // Round sets the scale in either direction.
    unscaled = roundAwayFromZero(unscaled, scale, finestScale).unscaled
    scale = finestScale
  }
  if (isBinary && unscaled > int64Max * powerOfTen(-finestScale)) {
    unscaled = int64Max
    scale = 0
  }
  const isFractionOfOne = unscaled > 0n && scale < 0 && unscaled < powerOfTen(-scale)
  return E.right({ unscaled: sure(unscaled), scale, format: isBinary && isFractionOfOne ? 'DecimalSI' : format, isDecimal: true, text: '' })
}

/** Follows ParseQuantity; the left side is its error text. White space around the text is not allowed here, as in ParseQuantity. */
export const parseQuantity = rememberedText(parseFresh)

/** What a JSON document may hold: a text (white space around it is cut, as UnmarshalJSON does) or a number. */
export const parseQuantityJson = (value: string | number): E.Either<string, Quantity> =>
  parseQuantity(typeof value === 'number' ? String(value) : value.trim())

export const zeroQuantity: Quantity = { unscaled: 0n, scale: 0, format: 'DecimalSI', isDecimal: false, text: '0' }

/** For texts that have passed validation, so that arithmetic need not handle errors: what cannot be parsed, or is absent, is zero. */
export const quantityOf = (value: Quantity | string | number | undefined): Quantity => {
  if (value === undefined) return zeroQuantity
  if (typeof value === 'object') return value
  const result = parseQuantityJson(value)
  return E.isRight(result) ? result.right : zeroQuantity
}

/** A whole number of units. */
export const quantityFromInteger = (value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  unscaled: BigInt(value),
  scale: 0,
  format,
  isDecimal: false,
  text: '',
})

/** A whole number of thousandths: cores in millicores. */
export const quantityFromMilli = (value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity => ({
  ...quantityFromInteger(value, format),
  scale: -3,
})

const compareBigInts = (left: bigint, right: bigint): -1 | 0 | 1 => (left < right ? -1 : left > right ? 1 : 0)

const compareAmounts = (left: Quantity, right: Quantity): -1 | 0 | 1 => {
  if (left.scale === right.scale) return compareBigInts(left.unscaled, right.unscaled)
  if (left.scale > right.scale) return compareBigInts(left.unscaled * powerOfTen(left.scale - right.scale), right.unscaled)
  return compareBigInts(left.unscaled, right.unscaled * powerOfTen(right.scale - left.scale))
}

/** -1, 0 or 1 by amount; the format does not matter. Texts are taken as quantityOf takes them. */
export const compareQuantities = (left: Quantity | string | number, right: Quantity | string | number): -1 | 0 | 1 =>
  compareAmounts(quantityOf(left), quantityOf(right))

/** Follows Quantity.Add: the format is the left one's, or the right one's when the left is zero. */
export const addQuantities = (left: Quantity, right: Quantity): Quantity => {
  const format = left.unscaled === 0n ? right.format : left.format
  const isDecimal = left.isDecimal || right.isDecimal
  if (!isDecimal && right.unscaled === 0n) return { ...left, format, text: '' }
  if (!isDecimal && left.unscaled === 0n) return { ...right, format, text: '' }
  const scale = Math.min(left.scale, right.scale)
  const unscaled = left.unscaled * powerOfTen(left.scale - scale) + right.unscaled * powerOfTen(right.scale - scale)
  return { unscaled, scale, format, isDecimal: isDecimal || !fitsInt64(unscaled), text: '' }
}

const negateQuantity = (quantity: Quantity): Quantity => ({ ...quantity, unscaled: -quantity.unscaled, text: '' })

export const subtractQuantities = (left: Quantity, right: Quantity): Quantity => addQuantities(left, negateQuantity(right))

/** In units of 10^scale, rounded away from zero. Follows Quantity.ScaledValue. */
const scaledValueOf = (quantity: Quantity, scale: number): number =>
  Number(roundAwayFromZero(quantity.unscaled, quantity.scale, scale).unscaled)

/** Whole units, rounded away from zero: `1500m` → 2. */
export const integerValueOf = (quantity: Quantity): number => scaledValueOf(quantity, 0)

/** Thousandths, rounded away from zero: `1500m` → 1500. */
export const milliValueOf = (quantity: Quantity): number => scaledValueOf(quantity, -3)

const trimFactors = (value: bigint, factor: bigint): { readonly value: bigint; readonly times: number } => {
  let rest = value
  let times = 0
  while (rest !== 0n && rest % factor === 0n) {
    rest /= factor
    times += 1
  }
  return { value: rest, times }
}

const formatDecimal = (quantity: Quantity, format: 'DecimalSI' | 'DecimalExponent'): string => {
  const trimmed = trimFactors(quantity.unscaled, 10n)
  const exponent = quantity.scale + trimmed.times
  const excess = ((exponent % 3) + 3) % 3
  const number = trimmed.value * powerOfTen(excess)
  const thirds = exponent - excess
  if (format === 'DecimalExponent') return thirds === 0 ? String(number) : `${number}e${thirds}`
  // An exponent without a suffix loses it, as in CanonicalizeBytes (which ignores that constructBytes failed).
  return `${number}${decimalSuffixOf.get(thirds) ?? ''}`
}

/** The text the API server stores: `1024Mi` → `1Gi`, `0.5` → `500m`, `1000m` → `1`. Follows String and CanonicalizeBytes. */
export const formatQuantity = (quantity: Quantity): string => {
  if (quantity.text !== '') return quantity.text
  if (quantity.unscaled === 0n) return '0'
  if (quantity.format !== 'BinarySI') return formatDecimal(quantity, quantity.format)
  const whole = roundAwayFromZero(quantity.unscaled, quantity.scale, 0)
  // Small or broken amounts are shown in decimal form.
  const isSmall =
    compareQuantities(quantity, quantityFromInteger(-1_024)) > 0 && compareQuantities(quantity, quantityFromInteger(1_024)) < 0
  if (isSmall || !whole.exact) return formatDecimal(quantity, 'DecimalSI')
  const { value, times } = trimFactors(whole.unscaled, 1_024n)
  return `${value}${binarySuffixAt[times] ?? ''}`
}

/** What the server stores for what was sent: the canonical text of a text or number; any other value, and a text that is no quantity, as it is. */
export const canonicalQuantity = (value: Json): Json => {
  if (typeof value !== 'string' && typeof value !== 'number') return value
  const result = parseQuantityJson(value)
  return E.isRight(result) ? formatQuantity(result.right) : value
}
