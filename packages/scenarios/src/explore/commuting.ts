/**
 * Which moves come to the same in either order. A notification that reaches the late cache of one controller and a move of somebody else have nothing
 * in common, as long as that move adds to the row of notifications only at its end, wakes nobody whose cache it is, and writes nothing that is looked
 * up when the notification arrives.
 *
 * Of two such moves the search takes the one with the lesser name first, and does not take it after the other: that leads to the same state, which
 * is found the first way. No state is lost. Say `x` is first reached at depth n, and of all moves that lead there from a state of depth n − 1 the one
 * with the greatest name is `m`, from `y`. Were `m` left out at `y`, then because `y` was reached by some greater `d` from a state where `m` was taken
 * too; there `d` follows `m` and leads to `x` from depth n − 1: a move with a greater name, against what was said. So `m` is taken.
 */
import { forEachDifference, getAt, type RunState } from '@statefold/core'
import { isTick, type Move, type SearchScope } from './search-space.js'

/** What a move does, as far as others may meet it. It does the same after moves it has nothing in common with. */
export interface Effect {
  readonly move: string
  /** Whose look it is; empty for what nobody's process does. */
  readonly controller: string
  readonly isAnytime: boolean
  /** How many notifications it adds for each late cache of the scope. */
  readonly adds: readonly number[]
  /** Controllers that are woken, stopped or started. */
  readonly concerns: readonly string[]
  /** Kinds of objects. */
  readonly writes: readonly string[]
}

/** One name for a move wherever it can be done. Arrivals have the greatest names. */
export const nameOfMove = (move: Move): string => {
  switch (move.kind) {
    case 'take': {
      const { work } = move.item
      return work.kind === 'deliver' ? `watch ${work.informer}` : `${work.kind} ${work.controller} ${work.key}`
    }
    case 'restart':
      return `starts ${move.controller}`
    case 'anytime':
      return `anytime ${move.index}`
    case 'step':
      return 'step'
  }
}

const controllerOf = (move: Move): string => {
  if (move.kind === 'restart') return move.controller
  if (move.kind !== 'take') return ''
  const { work } = move.item
  return work.kind === 'deliver' ? work.informer.slice(0, work.informer.indexOf(' ')) : work.controller
}

const namesOfCaches = ({ caches }: SearchScope): readonly string[] => caches.map(({ controller, kind }) => `${controller} ${kind}`)

const waitingFor = ({ informers }: RunState, informer: string): number => getAt(informers, informer)?.underway.length ?? 0

const union = (left: readonly string[], right: readonly string[]): readonly string[] => [...new Set([...left, ...right])]

export interface Commuting {
  /** What the move has done on one of its ways; undefined if it has more to do with others than is kept here. */
  readonly effectOf: (move: Move, before: RunState, after: RunState) => Effect | undefined
  /** Whether the move is nothing but the arrival of a notification. */
  readonly isArrival: (move: Move, before: RunState, after: RunState) => boolean
  /** Whether the other may be left out after the arrival, in a state where both can be done. */
  readonly sleepsAfter: (arrival: Move, other: Effect, at: RunState) => boolean
}

/** What it does on either of two ways. */
export const eitherEffect = (one: Effect | undefined, other: Effect | undefined): Effect | undefined =>
  one === undefined || other === undefined
    ? undefined
    : {
        ...one,
        adds: one.adds.map((added, place) => Math.max(added, other.adds[place] ?? 0)),
        concerns: union(one.concerns, other.concerns),
        writes: union(one.writes, other.writes),
      }

/** `watches`: the kinds of objects that a controller watches. */
export const makeCommuting = (scope: SearchScope, watches: (controller: string) => readonly string[]): Commuting => {
  const informers = namesOfCaches(scope)
  const free = new Set(scope.order)

  const concerned = (before: RunState, after: RunState): readonly string[] => {
    const found = new Set<string>()
    forEachDifference(before.queues, after.queues, (controller) => found.add(controller))
    forEachDifference(before.cluster.stopped, after.cluster.stopped, (controller) => found.add(controller))
    return [...found]
  }

  return {
    effectOf: (move, before, after) => {
      // (Time passes only where nothing is ready: what arrives may end that.)
      if (isTick(move) || after.now !== before.now || after.cluster.informerLags !== before.cluster.informerLags) return undefined
      const adds: number[] = []
      for (const informer of informers) {
        const [had, has] = [getAt(before.informers, informer)?.underway ?? [], getAt(after.informers, informer)?.underway ?? []]
        // Nothing has arrived meanwhile.
        const isAdded = has.length >= had.length && had.every(({ rv, key }, place) => has[place]?.rv === rv && has[place].key === key)
        if (!isAdded) return undefined
        adds.push(has.length - had.length)
      }
      const writes: string[] = []
      forEachDifference(before.cluster.stores, after.cluster.stores, (kind) => void writes.push(kind))
      return {
        move: nameOfMove(move),
        controller: controllerOf(move),
        isAnytime: move.kind === 'anytime',
        adds,
        concerns: concerned(before, after),
        writes,
      }
    },
    isArrival: (move, before, after) => {
      if (move.kind !== 'take' || move.item.work.kind !== 'deliver') return false
      const { informer } = move.item.work
      const controller = controllerOf(move)
      return (
        free.has(controller) &&
        informers.includes(informer) &&
        after.now === before.now &&
        after.cluster === before.cluster &&
        informers.every((other) => waitingFor(after, other) === waitingFor(before, other) - (other === informer ? 1 : 0)) &&
        concerned(before, after).every((other) => other === controller)
      )
    },
    sleepsAfter: (arrival, other, at) => {
      const controller = controllerOf(arrival)
      return (
        other.move < nameOfMove(arrival) &&
        other.controller !== controller &&
        !other.concerns.includes(controller) &&
        watches(controller).every((kind) => informers.includes(`${controller} ${kind}`) || !other.writes.includes(kind)) &&
        // No cache comes too far behind by it, whichever is first.
        scope.caches.every(({ most }, place) => waitingFor(at, informers[place] ?? '') + (other.adds[place] ?? 0) <= most)
      )
    },
  }
}
