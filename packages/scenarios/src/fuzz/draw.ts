/** Draws by count: the same seed gives the same row of draws. */
import { seededChoose } from '@statefold/core'

export interface Draw {
  /** Below `options`. */
  readonly below: (options: number) => number
  readonly of: <T>(items: readonly T[]) => T | undefined
}

export const drawFrom = (seed: number): Draw => {
  const choose = seededChoose(seed)
  let count = 0
  const below = (options: number): number => {
    count += 1
    return choose({ stream: 'fuzz', key: String(count) }, options)
  }
  return { below, of: (items) => (items.length === 0 ? undefined : items[below(items.length)]) }
}
