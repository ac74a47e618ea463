/** What a scenario promises, in TypeScript: `eventually(…, { within: '5m' })`, `always(…)`, `never(…)`, `sometimes(…)`. */
import type { Condition } from './format/condition-codec.js'
import type { WrittenExpectation } from './format/scenario-codec.js'

type Conditions = Condition | readonly Condition[]

/** Comes to hold within this time after the last step (ten minutes, unless told otherwise). */
export const eventually = (eventually: Conditions, options: Pick<WrittenExpectation, 'within' | 'because'> = {}): WrittenExpectation => ({
  eventually,
  ...options,
})
/** Holds after every turn. */
export const always = (always: Conditions, options: Pick<WrittenExpectation, 'from' | 'because'> = {}): WrittenExpectation => ({
  always,
  ...options,
})
/** Holds after no turn. */
export const never = (never: Conditions, options: Pick<WrittenExpectation, 'from' | 'because'> = {}): WrittenExpectation => ({
  never,
  ...options,
})
/** Holds after at least one turn: guards against a scenario in which nothing happens. */
export const sometimes = (sometimes: Conditions, options: Pick<WrittenExpectation, 'because'> = {}): WrittenExpectation => ({
  sometimes,
  ...options,
})

/** The object is there, is ready, or has this value at a JSONPath. */
export const object = (name: string, rest: Omit<Condition, 'object'> = {}): Condition => ({ object: name, ...rest })
/** How many objects of a kind there are. */
export const count = (kind: string, rest: Omit<Condition, 'count'>): Condition => ({ count: kind, ...rest })
