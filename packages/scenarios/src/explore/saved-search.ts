/** Where a search has stopped, as plain JSON: enough to go on later, in another process, to the same end as if it had not stopped. */
import * as E from 'fp-ts/lib/Either.js'
import { engineVersion } from '@statefold/core'
import type { Scenario } from '../scenario.js'
import type { SavedSearch } from './search-types.js'

/** Tells texts apart that differ by accident. */
const fingerprint = (text: string): string => {
  let [high, low] = [0x811c9dc5, 0x2166f3a1]
  for (let index = 0; index < text.length; index += 1) {
    high = Math.imul(high ^ text.charCodeAt(index), 0x01000193)
    low = Math.imul(low ^ text.charCodeAt(index), 0x5bd1e995) ^ (low >>> 15)
  }
  return `${text.length} ${high} ${low}`
}

/** Two searches fit when this is the same. */
export const fitsSearch = ({ written, manifests, applied }: Scenario, seed: number): string =>
  fingerprint(JSON.stringify([written, manifests.map(({ object }) => object), [...applied], seed]))

/** A file that says of itself whether it is whole: a search that goes on from half of it would claim what it has not seen. */
export const savedText = (saved: SavedSearch): string => `${JSON.stringify({ whole: fingerprint(JSON.stringify(saved)), ...saved })}\n`

/** What `savedText` has written, or why a search cannot go on from it, in words. */
export const readSavedSearch = (text: string, scenario: Scenario, seed: number): E.Either<string, SavedSearch> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return E.left('expected a search that `explore --save` has written; it is no JSON')
  }
  if (typeof value !== 'object' || value === null || !('savedSearch' in value) || value.savedSearch !== 1)
    return E.left('expected a search that `explore --save` has written')
  // Only looked at.
  const { whole, ...saved } = value as { readonly whole?: unknown } & Partial<SavedSearch>
  if (saved.engine !== engineVersion)
    return E.left(
      `it was written by engine ${String(saved.engine)}; this is ${engineVersion}, whose searches may go other ways: begin anew`,
    )
  if (saved.fits !== fitsSearch(scenario, seed)) return E.left('it is of another scenario, or of another seed')
  if (whole !== fingerprint(JSON.stringify(saved))) return E.left('it is damaged: begin anew')
  // It is as it was written.
  return E.right(saved as SavedSearch)
}
