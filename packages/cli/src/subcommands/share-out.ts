/** Deals the states of a search out among those who expand them: this thread and others. */
import type { Expansion, ExpandRequest, Kept, Search } from '@statefold/scenarios'
import type { ExploreWorkerAnswer } from '../explore-worker.js'

/** Answers requests for expansions. */
export interface Expanders {
  readonly answer: (request: ExpandRequest) => readonly Expansion[] | Promise<readonly Expansion[]>
  /** How many states to ask for at once. */
  readonly idsAtOnce: number
  readonly marks: () => readonly string[]
  readonly close: () => Promise<void>
}

/** A thread that expands states, once it is there. */
export interface ExpanderThread {
  readonly isReady: () => boolean
  readonly ask: (request: ExpandRequest) => Promise<ExploreWorkerAnswer>
  /** Tells when it has ended without being asked to. */
  readonly onFailure: (failed: (error: unknown) => void) => void
  readonly close: () => Promise<void>
}

/**
 * A share is evened out when it is further from what it should be than this part of it, and than this many states. To walk to a state takes as long as
 * to expand four: a little waiting is cheaper.
 */
const unevenPart = 0.3
const unevenStates = 32

/** For each of those who expand: fewer would wait for each other more often, with more nobody hears of a signal for a second. */
const statesForEach = 2_048

/**
 * Here and in threads. Each keeps the states that follow from its own; what nobody else was given is kept here. So that nobody waits long, a level
 * is shared out by how quick each of them was before: states that change hands are found again by their paths.
 */
export const shareOut = (threads: readonly ExpanderThread[], alone: Expanders, pathTo: Search['pathTo']): Expanders => {
  // 0 is this thread.
  const owners = new Map<number, number>()
  const marks = new Set<string>()
  let failure: { readonly error: unknown } | undefined
  for (const thread of threads)
    thread.onFailure((error) => {
      failure ??= { error }
    })
  /** Milliseconds a state, as last seen. */
  const paces = [0, ...threads.map(() => 0)]

  /** How many of so many states each should have. */
  const sharesOf = (states: number): readonly number[] => {
    const known = paces.filter((pace) => pace > 0)
    const usual = known.length === 0 ? 1 : known.reduce((sum, pace) => sum + pace, 0) / known.length
    const speeds = paces.map((pace, own) => (own > 0 && threads[own - 1]?.isReady() !== true ? 0 : 1 / (pace === 0 ? usual : pace)))
    const all = speeds.reduce((sum, speed) => sum + speed, 0)
    return speeds.map((speed) => (states * speed) / all)
  }

  /** Takes states from those who have too many to those who have too few. */
  const evenOut = (groups: readonly number[][]): readonly { readonly id: number; readonly from: number; readonly to: number }[] => {
    const shares = sharesOf(groups.reduce((sum, { length }) => sum + length, 0))
    const moved: { readonly id: number; readonly from: number; readonly to: number }[] = []
    const isUneven = (own: number, sign: 1 | -1): boolean => {
      const share = shares[own] ?? 0
      return sign * ((groups[own]?.length ?? 0) - share) > Math.max(unevenStates, unevenPart * share)
    }
    if (!groups.some((_, own) => isUneven(own, 1) || isUneven(own, -1))) return moved
    for (const [to, group] of groups.entries())
      for (const [from, other] of groups.entries())
        while (group.length + 1 <= (shares[to] ?? 0) && other.length - 1 >= (shares[from] ?? 0)) {
          const id = other.pop()
          if (id === undefined) break
          group.push(id)
          moved.push({ id, from, to })
        }
    return moved
  }

  return {
    idsAtOnce: statesForEach * (threads.length + 1),
    answer: async ({ keep, expand, asleep = [], met }) => {
      if (failure !== undefined) throw failure.error
      const kept = paces.map((): Kept[] => [])
      for (const one of keep) {
        const owner = owners.get(one.from) ?? 0
        kept[owner]?.push(one)
        if (owner > 0) owners.set(one.id, owner)
      }
      const groups = paces.map((): number[] => [])
      for (const id of expand) groups[owners.get(id) ?? 0]?.push(id)
      const moved = evenOut(groups)
      // In the order of the search: of two steps to one new state the earlier one says what is found there.
      const place = new Map(expand.map((id, index) => [id, index]))
      const byPlace = (left: number, right: number): number => (place.get(left) ?? 0) - (place.get(right) ?? 0)
      for (const group of groups) group.sort(byPlace)
      const asleepThere = new Map(asleep.map((one) => [one.id, one]))
      const requests = groups.map((ids, own): ExpandRequest => ({
        keep: kept[own] ?? [],
        adopt: moved.flatMap(({ id, to }) => (to === own ? [{ id, path: pathTo(id) }] : [])),
        leave: moved.flatMap(({ id, from }) => (from === own ? [id] : [])),
        expand: ids,
        asleep: ids.flatMap((id) => asleepThere.get(id) ?? []),
        met,
      }))
      const asked = threads.map(async ({ ask }, index): Promise<readonly Expansion[]> => {
        const request = requests[index + 1]
        if (request === undefined || request.expand.length + request.keep.length + (request.leave?.length ?? 0) === 0) return []
        const { expansions, milliseconds, marks: seen } = await ask(request)
        for (const mark of seen) marks.add(mark)
        if (expansions.length > 0) paces[index + 1] = milliseconds / expansions.length
        return expansions
      })
      const begun = performance.now()
      const own = requests[0] === undefined ? [] : await alone.answer(requests[0])
      if (own.length > 0) paces[0] = (performance.now() - begun) / own.length
      const answers = [own, ...(await Promise.all(asked))].flat()
      for (const { from } of keep) owners.delete(from)
      for (const { id, to } of moved)
        if (to > 0) owners.set(id, to)
        else owners.delete(id)
      return answers.sort((left, right) => byPlace(left.id, right.id))
    },
    marks: () => [...marks, ...alone.marks()],
    close: async () => {
      await Promise.all(threads.map(({ close }) => close()))
    },
  }
}
