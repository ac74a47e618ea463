import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawBits, overriddenChoose, seededChoose } from './choose.js'

const address = fc.record({ stream: fc.string({ maxLength: 12 }), key: fc.string({ maxLength: 12 }) })

describe('a seeded choice', () => {
  it('is an index below the options, the same for the same address', () => {
    fc.assert(
      fc.property(fc.nat(), address, fc.integer({ min: 1, max: 4_294_967_296 }), (seed, about, options) => {
        const chosen = seededChoose(seed)(about, options)
        expect(Number.isInteger(chosen) && chosen >= 0 && chosen < options).toBe(true)
        expect(seededChoose(seed)(about, options)).toBe(chosen)
      }),
    )
  })

  it('is spread evenly over options, keys and seeds', () => {
    const counts = Array.from({ length: 10 }, () => 0)
    for (let seed = 0; seed < 100; seed += 1)
      for (let key = 0; key < 100; key += 1) {
        const index = seededChoose(seed)({ stream: 'spread', key: `web-${key}` }, 10)
        counts[index] = (counts[index] ?? 0) + 1
      }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150)
  })

  it('does not confuse stream and key', () => {
    expect(drawBits(1, { stream: 'ab', key: 'c' })).not.toBe(drawBits(1, { stream: 'a', key: 'bc' }))
  })

  it('is known by its value, so that a change of the draw is noticed', () => {
    expect([0, 1, 7].map((seed) => drawBits(seed, { stream: 'kubelet/container-start', key: 'web-0#1' }))).toMatchInlineSnapshot(`
      [
        3254397098,
        2998099687,
        2471584006,
      ]
    `)
  })
})

describe('a recorded choice', () => {
  it('is answered as written, the others by the seed', () => {
    const seeded = seededChoose(3)
    const choose = overriddenChoose({ 'order web': 2 }, seeded)
    expect(choose({ stream: 'order', key: 'web' }, 3)).toBe(2)
    expect(choose({ stream: 'order', key: 'db' }, 3)).toBe(seeded({ stream: 'order', key: 'db' }, 3))
  })

  it('that is no longer possible falls back to the seed', () => {
    const seeded = seededChoose(3)
    expect(overriddenChoose({ 'order web': 2 }, seeded)({ stream: 'order', key: 'web' }, 2)).toBe(
      seeded({ stream: 'order', key: 'web' }, 2),
    )
  })
})
