/** Whole numbers in hexadecimal digits, from a table: `toString(16)` is slow for numbers above 2³⁰. */
const bytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The lowest 16 bits as four digits. */
export const fourDigits = (value: number): string => `${bytes[(value >>> 8) & 255] ?? ''}${bytes[value & 255] ?? ''}`

/** The lowest 32 bits as eight digits. */
export const eightDigits = (value: number): string =>
  `${bytes[value >>> 24] ?? ''}${bytes[(value >>> 16) & 255] ?? ''}${bytes[(value >>> 8) & 255] ?? ''}${bytes[value & 255] ?? ''}`

const digitCodes: readonly number[] = Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** The code of the digit for the four bits from this bit on. */
export const digitCode = (value: number, bit: number): number => digitCodes[(value >>> bit) & 15] ?? 0

/** How many numbers 32 bits tell apart. */
export const all32Bits = 4_294_967_296

/** A whole number of at least 2³² and below 2⁵³, with no zeros in front. */
export const digitsOf = (value: number): string => {
  const high = Math.floor(value / all32Bits)
  return `${high.toString(16)}${eightDigits(value - high * all32Bits)}`
}
