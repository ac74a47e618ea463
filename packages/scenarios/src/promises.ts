/**
 * What every run promises besides the invariants, judged in the same way wherever runs are made: that it comes to what is wanted or says what it
 * waits for, and that nobody does the same again and again.
 */
import { brokenPromises, debtsOf, isTalk, overdueIn, temporalProperties, unrestIn, type Recorded, type RunState } from '@statefold/core'

export interface BrokenPromise {
  readonly property: string
  readonly message: string
}

const convergenceProperty = 'temporal/converges-or-says-why'
export const hotLoopProperty = 'temporal/no-hot-loop'

/** The engine, a controller or an invariant threw. */
export const assertionProperty = 'assertion'
export const wordsOfError = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** All that is promised here, by name. */
export const promiseNames: readonly string[] = [...temporalProperties.map(({ name }) => name), convergenceProperty, hotLoopProperty]

/** In which a cluster has to come to what is wanted once nothing comes from outside any more. */
export const convergenceMs = 1_200_000
/** While calls are still to fail: what fails is tried again after up to 1,000 s. */
const convergenceOfFailingMs = 50_000_000

/** What should have come true in the time in which nothing has come from outside, and nobody says why it has not. */
export const brokenPromisesIn = (run: RunState, quietForMs: number, except: ReadonlySet<string> = new Set()): readonly BrokenPromise[] => {
  const properties = temporalProperties.filter(({ name }) => !except.has(name))
  const broken = brokenPromises(overdueIn(run, quietForMs, properties)).map(({ property, message }) => ({
    property,
    message: `${message}; nobody says what it waits for`,
  }))
  const within = run.cluster.apiFaults.length === 0 ? convergenceMs : convergenceOfFailingMs
  if (broken.length > 0 || quietForMs < within || except.has(convergenceProperty)) return broken
  const debts = debtsOf(run.cluster)
  const unexplained = debts.find(({ of }) => debts.every((debt) => debt.of !== of || debt.waitsFor.length === 0))
  return unexplained === undefined
    ? []
    : [{ property: convergenceProperty, message: `${unexplained.of}: ${unexplained.message}; nobody says what it waits for` }]
}

/** So many events without anything from outside, and it is time to look for what repeats. */
export const hotLoopWindow = 2_000
const repeatsMin = 10
/** Who only looks in now and then does so more slowly, and what backs off is slower by then. */
const periodMs = 5_000

/** Something acts again and again at one moment, and a search does not get on. */
export class NeverAtRest extends Error {
  override readonly name = 'NeverAtRest'
}

/** What made a search or a run break off, as what it breaks. */
export const promiseBrokenBy = (error: unknown): BrokenPromise => ({
  property: error instanceof NeverAtRest ? hotLoopProperty : assertionProperty,
  message: wordsOfError(error),
})

/** The same writes to the same objects, one round after the other without a pause, at the end of these events: what repeats, in words. */
export const hotLoopIn = (events: readonly Recorded[]): string | undefined => {
  const writes = events.filter((recorded) => 'object' in recorded.event && !isTalk(recorded))
  const unrest = unrestIn(writes)
  if (unrest === undefined || unrest.repeats < repeatsMin) return undefined
  const { cycle, repeats } = unrest
  const looping = writes.slice(-cycle.length * repeats)
  const tookMs = (looping.at(-1)?.at ?? 0) - (looping[0]?.at ?? 0)
  return tookMs >= (repeats - 1) * periodMs
    ? undefined
    : `what repeats (${repeats} times within ${tookMs} ms, and it goes on): ${cycle.join(' → ')}`
}
