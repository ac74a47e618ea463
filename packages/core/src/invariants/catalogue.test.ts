/** The catalogue names what exists, and leaves nothing out. */
import { describe, expect, it } from 'vitest'
import { alwaysInvariants } from './all-invariants.js'
import { catalogue, judgedOnCopies } from './catalogue.js'
import { temporalProperties } from './temporal/temporal-properties.js'

const checked = [...alwaysInvariants.map(({ name }) => name), ...temporalProperties.map(({ name }) => name), ...judgedOnCopies]

describe('the catalogue', () => {
  it('has 59 invariants and 16 temporal properties, each under a name of its own', () => {
    expect(catalogue.filter(({ kind }) => kind !== 'L')).toHaveLength(59)
    expect(catalogue.filter(({ kind }) => kind === 'L')).toHaveLength(16)
    expect(new Set(catalogue.map(({ id }) => id)).size).toBe(catalogue.length)
  })

  it('says for each who checks it, or why nobody does', () => {
    for (const { id, by, besides } of catalogue) expect(by.length > 0 || besides !== undefined, id).toBe(true)
  })

  it('names invariants and properties that exist, and all of them', () => {
    const named = new Set(catalogue.flatMap(({ by }) => by))
    expect([...named].filter((name) => !checked.includes(name))).toEqual([])
    expect(checked.filter((name) => !named.has(name))).toEqual([])
  })
})
