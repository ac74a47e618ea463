/** The next history of a search: a fresh one, or one of the corpus varied. A function of the seed, its number and the corpus. */
import * as fc from 'fast-check'
import type { Deed, FuzzHistory } from '../format/history-codec.js'
import { clusterShapes, deedLists, histories } from './arbitraries.js'
import type { KeptHistory } from './corpus.js'
import { drawFrom, type Draw } from './draw.js'

export interface Lengths {
  readonly min: number
  readonly max: number
}

const seedOf = (seed: number, run: number): number => (Math.imul(seed, 1_000_003) + run) | 0

const one = <T>(arbitrary: fc.Arbitrary<T>, seed: number): T => {
  const [made] = fc.sample(arbitrary, { seed, numRuns: 1, unbiased: true })
  // One was asked for.
  return made as T
}

/** Between the least and the most, each doubling equally often: short histories are many, long ones are there. */
const lengthOf = (draw: Draw, { min, max }: Lengths): number => {
  if (min >= max) return max
  const share = draw.below(1_000_000) / 1_000_000
  return Math.min(max, Math.floor(Math.max(1, min) * ((max + 1) / Math.max(1, min)) ** share))
}

const part = (deeds: readonly Deed[], draw: Draw): { readonly from: number; readonly to: number } => {
  const [left, right] = [draw.below(deeds.length + 1), draw.below(deeds.length + 1)]
  return { from: Math.min(left, right), to: Math.max(left, right) }
}

type Variation = (deeds: readonly Deed[], fresh: readonly Deed[], other: readonly Deed[], draw: Draw) => readonly Deed[]

const variations: readonly Variation[] = [
  // Another end.
  (deeds, fresh, _other, draw) => [...deeds.slice(0, draw.below(deeds.length + 1)), ...fresh],
  // Something less in the middle.
  (deeds, fresh, _other, draw) => {
    const { from, to } = part(deeds, draw)
    return [...deeds.slice(0, from), ...deeds.slice(to), ...fresh]
  },
  // The end of another one.
  (deeds, fresh, other, draw) => [...deeds.slice(0, draw.below(deeds.length + 1)), ...other.slice(draw.below(other.length + 1)), ...fresh],
  // Some deeds changed.
  (deeds, fresh, _other, draw) => {
    const changed = [...deeds]
    for (let count = 1 + draw.below(8); count > 0; count -= 1) {
      const deed = draw.of(fresh)
      if (deed !== undefined && changed.length > 0) changed[draw.below(changed.length)] = deed
    }
    return [...changed, ...fresh]
  },
]

/** `own`: the cluster and the sets are those of a scenario. */
export const makeHistory = (seed: number, run: number, lengths: Lengths, corpus: readonly KeptHistory[], own: boolean): FuzzHistory => {
  const drawn = seedOf(seed, run)
  const draw = drawFrom(drawn)
  const length = lengthOf(draw, lengths)
  const parent = corpus.length > 0 && draw.below(2) === 0 ? draw.of(corpus) : undefined
  if (parent === undefined) return own ? { deeds: one(deedLists(length), drawn) } : one(histories(length), drawn)
  const fresh = one(deedLists(length), drawn)
  const other = draw.of(corpus)?.history.deeds ?? []
  const deeds = (draw.of(variations) ?? variations[0])?.(parent.history.deeds, fresh, other, draw) ?? fresh
  // One in eight in another cluster.
  const cluster = !own && draw.below(8) === 0 ? { cluster: one(clusterShapes(), drawn) } : {}
  return { ...parent.history, ...cluster, deeds: deeds.slice(0, length) }
}
