import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  integerValueOf,
  milliValueOf,
  parseQuantity,
  quantityFormatError,
  quantityFromInteger,
  quantityFromMilli,
  quantityNumericError,
  quantityOf,
  quantitySuffixError,
  subtractQuantities,
} from './quantity.js'

describe('the canonical text of a quantity', () => {
  it.each([
    ['0', '0'],
    ['0Gi', '0'],
    ['1', '1'],
    ['+1', '1'],
    ['-1', '-1'],
    ['007', '7'],
    ['1024Mi', '1Gi'],
    ['1536Mi', '1536Mi'],
    ['1.5Gi', '1536Mi'],
    ['0.5Mi', '512Ki'],
    ['8Ki', '8Ki'],
    ['16Gi', '16Gi'],
    ['1024Ki', '1Mi'],
    ['4Pi', '4Pi'],
    ['3Ei', '3Ei'],
    ['9Ei', '9223372036854775807'],
    ['1Ki', '1Ki'],
    ['0.5Ki', '512'],
    ['100.035Ki', '102435840m'],
    ['0.000000000001Ki', '2n'],
    ['0.5', '500m'],
    ['1.5', '1500m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['100m', '100m'],
    ['0.1m', '100u'],
    ['0.001', '1m'],
    ['3.001n', '4n'],
    ['0.0000000001', '1n'],
    ['1000', '1k'],
    ['1000000', '1M'],
    ['1G', '1G'],
    ['50k', '50k'],
    ['100.035k', '100035'],
    ['12E', '12E'],
    ['1e3', '1e3'],
    ['1E6', '1e6'],
    ['1e2', '100'],
    ['1.2e3', '1200'],
    ['1e-1', '100e-3'],
    ['1.', '1'],
    ['.5', '500m'],
    ['1.G', '1G'],
    ['-1.025Ti', '-1126999418470400m'],
    ['2147483648', '2147483648'],
    ['9999999999999999999', '9999999999999999999'],
  ])('of %s is %s', (text, canonical) => {
    // Where Kubernetes keeps the text as it was written, the canonical form shows once it is computed afresh.
    const quantity = quantityOf(text)
    expect(formatQuantity({ ...quantity, text: '' })).toBe(canonical)
  })

  it('is the written one where Kubernetes takes that for canonical', () => {
    expect(canonicalQuantity('1E6')).toBe('1E6')
    expect(canonicalQuantity('+5')).toBe('+5')
    expect(canonicalQuantity(' 1Gi ')).toBe('1Gi')
    expect(canonicalQuantity(0.5)).toBe('500m')
    expect(canonicalQuantity('no quantity')).toBe('no quantity')
  })

  it('is its own canonical text', () => {
    const texts = fc
      .tuple(
        fc.constantFrom('', '-', '+'),
        fc.nat({ max: 5_000_000 }),
        fc.option(fc.nat({ max: 9_999 })),
        fc.constantFrom('', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'e3', 'E-2'),
      )
      .map(([sign, whole, fraction, suffix]) => `${sign}${whole}${fraction === null ? '' : `.${fraction}`}${suffix}`)
    fc.assert(
      fc.property(texts, texts, (left, right) => {
        const quantity = quantityOf(left)
        const fresh = quantityOf(formatQuantity({ ...quantity, text: '' }))
        expect(compareQuantities(fresh, quantity)).toBe(0)
        const other = quantityOf(right)
        expect(compareQuantities(subtractQuantities(addQuantities(quantity, other), other), quantity)).toBe(0)
        expect(compareQuantities(quantity, other)).toBe(0 - compareQuantities(other, quantity))
      }),
    )
  })
})

describe('a text that is no quantity', () => {
  it.each([
    ['', quantityFormatError],
    ['aoeu', quantityFormatError],
    ['1.1.M', quantityFormatError],
    ['1+1.0M', quantityFormatError],
    [' 1', quantityFormatError],
    ['1 ', quantityFormatError],
    ['0.1am', quantityFormatError],
    ['1Gb', quantityFormatError],
    ['500 m', quantityFormatError],
    ['1i', quantitySuffixError],
    ['0.1mi', quantitySuffixError],
    ['-3.01e-', quantitySuffixError],
    ['1K', quantitySuffixError],
    ['1GiMi', quantitySuffixError],
    ['1e999999999', quantitySuffixError],
    ['.e-12', quantityNumericError],
  ])('is refused: %s', (text, error) => {
    expect(parseQuantity(text)).toEqual(E.left(error))
  })
})

describe('arithmetic', () => {
  it('compares across units', () => {
    expect(compareQuantities(quantityOf('10000T'), quantityOf('100Gi'))).toBe(1)
    expect(compareQuantities(quantityOf('100m'), quantityOf('0.1'))).toBe(0)
    expect(compareQuantities(quantityOf('1Gi'), quantityOf('1G'))).toBe(1)
    expect(compareQuantities(quantityOf('-1'), quantityOf('1n'))).toBe(-1)
  })

  it('rounds away from zero', () => {
    expect(milliValueOf(quantityOf('1500m'))).toBe(1_500)
    expect(integerValueOf(quantityOf('1500m'))).toBe(2)
    expect(integerValueOf(quantityOf('-1500m'))).toBe(-2)
    expect(milliValueOf(quantityOf('1n'))).toBe(1)
    expect(integerValueOf(quantityOf('1Gi'))).toBe(1_073_741_824)
    expect(milliValueOf(quantityOf('4'))).toBe(4_000)
  })

  it('keeps the format of what is not zero', () => {
    expect(formatQuantity(addQuantities(quantityOf('0'), quantityOf('1Gi')))).toBe('1Gi')
    expect(formatQuantity(addQuantities(quantityOf('1Gi'), quantityOf('0')))).toBe('1Gi')
    expect(formatQuantity(addQuantities(quantityOf('512Mi'), quantityOf('512Mi')))).toBe('1Gi')
    expect(formatQuantity(addQuantities(quantityOf('500m'), quantityOf('1')))).toBe('1500m')
    expect(formatQuantity(subtractQuantities(quantityOf('0'), quantityOf('100m')))).toBe('-100m')
    expect(formatQuantity(quantityFromInteger(110))).toBe('110')
    expect(formatQuantity(quantityFromMilli(250))).toBe('250m')
    expect(formatQuantity(quantityFromInteger(2_048, 'BinarySI'))).toBe('2Ki')
    expect(formatQuantity(quantityFromInteger(1_000, 'BinarySI'))).toBe('1k')
  })
})
