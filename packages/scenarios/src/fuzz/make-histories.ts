/**
 * The histories of a search. They come in families that begin alike, fork at one moment and end each in its own way: a family begins like one of
 * the corpus, or afresh. The beginning need be run once for all of them. Each is a function of the seed, its number and the corpus.
 */
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

/** How a history goes on where its family forks. `rest`: how the one of the corpus went on. */
type End = (rest: readonly Deed[], fresh: readonly Deed[], other: readonly Deed[], draw: Draw) => readonly Deed[]

const ends: readonly End[] = [
  (_rest, fresh) => fresh,
  // As it went on, but for something left out.
  (rest, fresh, _other, draw) => [...rest.slice(draw.below(rest.length + 1)), ...fresh],
  // As another one ended.
  (_rest, fresh, other, draw) => [...other.slice(draw.below(other.length + 1)), ...fresh],
  // As it went on, but for some deeds.
  (rest, fresh, _other, draw) => {
    const changed = [...rest]
    for (let count = 1 + draw.below(8); count > 0; count -= 1) {
      const deed = draw.of(fresh)
      if (deed !== undefined && changed.length > 0) changed[draw.below(changed.length)] = deed
    }
    return [...changed, ...fresh]
  },
]

/** The longest end after a fork near the end. */
const endMax = 60

/** After how many deeds a family forks: at any of them, or, as often, near its end, where what was new was seen. */
const forkOf = (draw: Draw, deeds: number, length: number): number => {
  // Each has at least one of its own.
  const most = Math.min(deeds, length - 1)
  return draw.below(2) === 0 ? draw.below(most + 1) : Math.min(most, length - 1 - draw.below(Math.min(length, endMax)))
}

export interface MadeHistory {
  readonly history: FuzzHistory
  /** So many of its deeds are those of the others of its family. */
  readonly forksAt?: number
}

export interface HistoryWishes {
  readonly seed: number
  readonly lengths: Lengths
  /** Histories of a family. */
  readonly forks: number
  /** The cluster and the sets are those of a scenario. */
  readonly own: boolean
}

/** The family of that number: what its histories have in common is drawn once. */
export const makeFamily = (
  family: number,
  corpus: readonly KeptHistory[],
  { seed, lengths, forks, own }: HistoryWishes,
): ((run: number) => MadeHistory) => {
  // Numbers of families are counted down, so that no family draws what a history draws.
  const drawnOfFamily = seedOf(seed, -1 - family)
  const ofFamily = drawFrom(drawnOfFamily)
  const length = lengthOf(ofFamily, lengths)
  const parent = corpus.length > 0 && ofFamily.below(4) > 0 ? ofFamily.of(corpus)?.history : undefined
  const beginning = parent ?? (own ? { deeds: one(deedLists(length), drawnOfFamily) } : one(histories(length), drawnOfFamily))
  // One in eight in another cluster.
  const cluster = parent !== undefined && !own && ofFamily.below(8) === 0 ? { cluster: one(clusterShapes(), drawnOfFamily) } : {}
  const forksAt = forkOf(ofFamily, beginning.deeds.length, length)
  const begun = beginning.deeds.slice(0, forksAt)
  const rest = parent?.deeds.slice(forksAt)
  return (run) => {
    const drawn = seedOf(seed, run)
    const draw = drawFrom(drawn)
    const fresh = one(deedLists(length), drawn)
    const other = rest === undefined ? undefined : draw.of(corpus)?.history.deeds
    const end = rest === undefined ? fresh : (draw.of(ends)?.(rest, fresh, other ?? [], draw) ?? fresh)
    return {
      history: { ...beginning, ...cluster, deeds: [...begun, ...end].slice(0, length) },
      ...(forks > 1 ? { forksAt } : undefined),
    }
  }
}
