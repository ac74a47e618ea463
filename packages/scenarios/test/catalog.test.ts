/** Every scenario of the catalog holds, twice the same, and teaches something. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { listCatalog, scenarioTest } from '../src/node.js'

const entries = listCatalog().filter(({ name }) => !name.startsWith('questions/'))

describe('the catalog', () => {
  it('has at least thirty scenarios', () => expect(entries.length).toBeGreaterThanOrEqual(30))

  for (const { name, path } of entries) it(`${name} holds, twice the same`, scenarioTest(path))

  it('has a lesson for each', () =>
    expect(entries.filter(({ path }) => !/^lesson: \S/m.test(readFileSync(path, 'utf8'))).map(({ name }) => name)).toEqual([]))
})
