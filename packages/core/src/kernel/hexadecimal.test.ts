import fc from 'fast-check'
import { expect, it } from 'vitest'
import { all32Bits, digitsOf, eightDigits, fourDigits } from './hexadecimal.js'

it('writes as toString does, with zeros in front', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff_ffff }), (value) => {
      expect(eightDigits(value)).toBe(value.toString(16).padStart(8, '0'))
      expect(fourDigits(value)).toBe((value % 0x1_0000).toString(16).padStart(4, '0'))
    }),
  )
})

it('writes what has more than 32 bits without zeros in front', () => {
  fc.assert(
    fc.property(fc.integer({ min: all32Bits, max: Number.MAX_SAFE_INTEGER }), (value) => {
      expect(digitsOf(value)).toBe(value.toString(16))
    }),
  )
})
