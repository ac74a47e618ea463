/** Every recorded script, item by item. A script that was the same as the real cluster stays the same. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { explain, judge, measure, moreNames, scriptNames, type Judged, type Measurement } from './recorded-scripts.js'

const results = new Map<string, Judged>()
const resultOf = (name: string): Judged => {
  const known = results.get(name)
  if (known !== undefined) return known
  const result = judge(name, 1)
  results.set(name, result)
  return result
}

describe('does what the real cluster did', () => {
  // Those of conformance/more with one seed only: in three runs the free choice of a node may have been the same by chance.
  it.each([...scriptNames, ...moreNames])('%s', { timeout: 30_000 }, (name) => {
    const { differ } = resultOf(name).comparison
    expect(differ.length, `\n${explain(name, 1, differ)}\n`).toBe(0)
  })
})

describe('whatever the seed', () => {
  it.each([2, 3])('seed %i', { timeout: 120_000 }, (seed) => {
    const complaints = scriptNames.flatMap((name) => {
      const { differ } = judge(name, seed).comparison
      return differ.length === 0 ? [] : [`${name}:\n${explain(name, seed, differ)}`]
    })
    expect(complaints, `\n${complaints.join('\n')}\n`).toEqual([])
  })
})

describe('docs/fidelity.md', () => {
  const page = readFileSync(fileURLToPath(new URL('../../../../docs/fidelity.md', import.meta.url)), 'utf8')
  const table = /<!-- measured -->\n([\s\S]*?)<!-- \/measured -->/.exec(page)?.[1] ?? ''

  it('holds the measured table', () => {
    const written: Record<string, Measurement> = {}
    for (const [, kind = '', equal, differ, racy] of table.matchAll(/^\| `(\w+)` \| (\d+) \| (\d+) \| (\d+) \|/gm))
      written[kind] = { equal: Number(equal), differ: Number(differ), racy: Number(racy) }
    expect(written, 'the table is no longer true; run pnpm fidelity').toEqual(measure(scriptNames.map(resultOf)))
  })

  it('says how many scripts are the same', () => {
    const same = scriptNames.filter((name) => resultOf(name).comparison.differ.length === 0).length
    expect(table, 'the count is no longer true; run pnpm fidelity').toContain(`${same} of ${scriptNames.length} scripts`)
  })
})
