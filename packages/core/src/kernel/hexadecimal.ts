/** Whole numbers in hexadecimal digits, from a table: `toString(16)` is slow for numbers above 2³⁰. */
const bytes: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** The lowest 16 bits as four digits. */
export const fourDigits = (value: number): string => `${bytes[(value >>> 8) & 255] ?? ''}${bytes[value & 255] ?? ''}`

/** The lowest 32 bits as eight digits. */
export const eightDigits = (value: number): string =>
  `${bytes[value >>> 24] ?? ''}${bytes[(value >>> 16) & 255] ?? ''}${bytes[(value >>> 8) & 255] ?? ''}${bytes[value & 255] ?? ''}`
