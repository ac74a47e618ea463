/** The one way to make a Pod's condition: every condition has its fields in one order, and a server's `lastProbeTime`. */
import type { PodCondition } from './generated/types.js'
import type { Mutable } from '../kernel/mutable.js'

export type ConditionFields = { readonly [Field in keyof PodCondition]: PodCondition[Field] | undefined } & {
  readonly type: string
  readonly status: string
}

// A time that is null, which the Go field writes (it has no omitempty) and OpenAPI does not tell of.
const noTime = null as unknown as string

/**
 * The condition without what is undefined. (Assigned field by field: an object that is spread and then extended gets a hidden class of its
 * own from V8, so that every later look at a condition would miss its cache.)
 */
export const podConditionOf = ({
  type,
  status,
  lastProbeTime = noTime,
  lastTransitionTime,
  message,
  observedGeneration,
  reason,
}: ConditionFields): PodCondition => {
  // What a literal names stands in the object itself; what is added later takes a second one.
  const condition: Mutable<PodCondition> =
    lastTransitionTime === undefined ? { type, status, lastProbeTime } : { type, status, lastProbeTime, lastTransitionTime }
  if (message !== undefined) condition.message = message
  if (observedGeneration !== undefined) condition.observedGeneration = observedGeneration
  if (reason !== undefined) condition.reason = reason
  return condition
}
