/** Marks: what should happen somewhere in a good set of runs. A run set that never saw a conflict has proved nothing about conflicts. */
import type { ClusterEvent } from '../../cluster/events.js'
import type { Invariant, Observation } from '../invariant.js'

export const mark = (
  name: string,
  promise: string,
  concerns: readonly ClusterEvent['kind'][],
  happened: (observation: Observation) => boolean,
): Invariant => ({
  name,
  promise,
  expectation: 'sometimes',
  concerns,
  check: (observation) => (happened(observation) ? { invariant: name, message: promise } : undefined),
})

export const always = (): boolean => true
