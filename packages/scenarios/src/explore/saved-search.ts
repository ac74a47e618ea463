/** Where a search has stopped, as plain JSON: enough to go on later, in another process, to the same end as if it had not stopped. */
import { engineVersion } from '@statefold/core'
import type { Scenario } from '../scenario.js'
import type { SavedSearch } from './search-types.js'

/** Two searches fit when this is the same. */
export const fitsSearch = ({ written, manifests, applied }: Scenario, seed: number): string => {
  const text = JSON.stringify([written, manifests.map(({ object }) => object), [...applied], seed])
  let [high, low] = [0x811c9dc5, 0x2166f3a1]
  for (let index = 0; index < text.length; index += 1) {
    high = Math.imul(high ^ text.charCodeAt(index), 0x01000193)
    low = Math.imul(low ^ text.charCodeAt(index), 0x5bd1e995) ^ (low >>> 15)
  }
  return `${text.length} ${high} ${low}`
}

const lists = ['level', 'next', 'choices', 'highs', 'lows', 'parents', 'decisions', 'goals', 'sources', 'targets', 'findings'] as const

/** Why a search cannot go on from this, in words; undefined if it can. */
export const whyNotResumed = (value: unknown, scenario: Scenario, seed: number): string | undefined => {
  if (typeof value !== 'object' || value === null || !('savedSearch' in value) || value.savedSearch !== 1)
    return 'expected a search that `explore --save` has written'
  // Only looked at.
  const saved = value as Partial<SavedSearch>
  if (saved.engine !== engineVersion)
    return `it was written by engine ${String(saved.engine)}; this is ${engineVersion}, whose searches may go other ways: begin anew`
  if (saved.fits !== fitsSearch(scenario, seed)) return 'it is of another scenario, or of another seed'
  const missing = lists.find((name) => !Array.isArray(saved[name]))
  return missing === undefined ? undefined : `it is damaged: \`${missing}\` is missing`
}
