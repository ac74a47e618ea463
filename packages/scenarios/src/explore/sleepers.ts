/**
 * Keeps, for whoever leads a search, which moves may be left out where, and where they would have led: nothing that is asked of the whole search
 * afterwards (what can still be reached from where) may hang on what was left out.
 */
import type { Effect } from './commuting.js'
import { NotConfirmed } from './not-confirmed.js'

/** A move that may be left out after an arrival. */
export interface Sleeper {
  readonly effect: Effect
  /** Which steps of the expansion it was, one for each of its ways; none if it was left out there too. */
  readonly steps: readonly number[]
}

/** A step of an expansion that was nothing but the arrival of a notification. */
export interface Arrival {
  readonly step: number
  readonly move: string
  readonly sleepers: readonly Sleeper[]
}

/** What is left out in a state. */
export interface AsleepThere {
  readonly id: number
  readonly moves: readonly Effect[]
}

/** A move that is left out leads where the arrival leads after it: from these states. */
interface LeftOut {
  readonly effect: Effect
  readonly arrival: string
  readonly via: readonly number[]
}

/** The move was left out before the arrival too: where it leads is known at the end of the level. */
interface Handed {
  readonly to: number
  readonly from: number
  readonly effect: Effect
  readonly arrival: string
}

/** Plain JSON. */
export interface SavedSleepers {
  readonly here: readonly (readonly [number, readonly LeftOut[]])[]
  readonly next: readonly (readonly [number, readonly LeftOut[]])[]
  readonly arrivals: readonly (readonly [string, number])[]
  readonly handed: readonly Handed[]
}

export interface Sleepers {
  /** `targets`: where each step has led; states from `firstOfNext` on are of the next level. */
  readonly absorb: (id: number, arrivals: readonly Arrival[], targets: readonly number[], firstOfNext: number) => void
  /** All states of the level have been expanded: tells of each transition that was left out, but those of `anytime`. */
  readonly endLevel: (firstOfNext: number, transition: (from: number, to: number) => void) => void
  readonly asleepIn: (ids: readonly number[]) => readonly AsleepThere[]
  readonly saved: () => SavedSleepers
}

type Level = Map<number, LeftOut[]>

const levelOf = (saved: SavedSleepers['here'] = []): Level => new Map(saved.map(([id, leftOut]) => [id, [...leftOut]]))

const addTo = (level: Level, id: number, leftOut: LeftOut): void => {
  const others = level.get(id)
  if (others === undefined) level.set(id, [leftOut])
  else if (others.every(({ effect }) => effect.move !== leftOut.effect.move)) others.push(leftOut)
}

const nameOf = (id: number, arrival: string): string => `${id} ${arrival}`

export const makeSleepers = (saved?: SavedSleepers): Sleepers => {
  let here = levelOf(saved?.here)
  let next = levelOf(saved?.next)
  /** Where arrivals have led from states of this level. */
  const arrivals = new Map<string, number>(saved?.arrivals)
  let handed: Handed[] = [...(saved?.handed ?? [])]

  /** One for each way of the move. */
  const targetsOf = (id: number, move: string): readonly number[] => {
    const leftOut = here.get(id)?.find(({ effect }) => effect.move === move)
    if (leftOut === undefined) throw new NotConfirmed(`state ${id} does not leave out: ${move}`)
    // (The names of the moves ascend on this way, so it ends.)
    return leftOut.via.flatMap((state) => arrivals.get(nameOf(state, leftOut.arrival)) ?? targetsOf(state, leftOut.arrival))
  }

  return {
    absorb: (id, came, targets, firstOfNext) => {
      for (const { step, move, sleepers } of came) {
        const to = targets[step] ?? 0
        arrivals.set(nameOf(id, move), to)
        if (to < firstOfNext) continue
        for (const { effect, steps } of sleepers) {
          const via = steps.map((place) => targets[place] ?? 0)
          if (via.length === 0) handed.push({ to, from: id, effect, arrival: move })
          else if (via.every((state) => state >= firstOfNext)) addTo(next, to, { effect, arrival: move, via })
        }
      }
    },
    endLevel: (firstOfNext, transition) => {
      for (const [id, leftOut] of here)
        for (const { effect } of leftOut) if (!effect.isAnytime) for (const target of targetsOf(id, effect.move)) transition(id, target)
      for (const { to, from, effect, arrival } of handed) {
        const via = targetsOf(from, effect.move)
        if (via.every((state) => state >= firstOfNext)) addTo(next, to, { effect, arrival, via })
      }
      here = next
      next = new Map()
      arrivals.clear()
      handed = []
    },
    asleepIn: (ids) =>
      here.size === 0
        ? []
        : ids.flatMap((id) => {
            const leftOut = here.get(id)
            return leftOut === undefined ? [] : [{ id, moves: leftOut.map(({ effect }) => effect) }]
          }),
    saved: () => ({ here: [...here], next: [...next], arrivals: [...arrivals], handed }),
  }
}
