/** Histories that found a bug, each with a name. They are run before all others by every property, and are never taken out. */
import { plainSet, type History, type SetShape } from '../src/testing/history.js'

export interface NamedHistory {
  readonly name: string
  /** What was wrong. */
  readonly found: string
  readonly history: History
}

const shape: SetShape = { ...plainSet, probed: true, revisionHistoryLimit: 1 }

export const seeds: readonly NamedHistory[] = [
  {
    name: 'a node crashes before it has a machine',
    found: 'the fold asserted instead of the command being refused',
    history: { seed: 798_684, nodes: 1, set: { ...shape, replicas: 0 }, steps: [{ kind: 'CrashNode', node: 1 }] },
  },
  {
    name: 'a drain while volumes are being made',
    found: 'a Pod may be bound to a node that was cordoned after the scheduler had chosen it: the invariant was wrong, not the scheduler',
    history: {
      seed: 309_775,
      nodes: 2,
      set: { ...shape, replicas: 2, policy: 'Parallel', partition: 2, claims: 'waiting', revisionHistoryLimit: 10 },
      steps: [
        { kind: 'Wait', ms: 40 },
        { kind: 'Drain', node: 3 },
        { kind: 'Wait', ms: 400 },
        { kind: 'Wait', ms: 30_000 },
      ],
    },
  },
  {
    name: 'three conflicts of the volume binder',
    found: 'a claim whose binding failed half way was never looked at again',
    history: {
      seed: 588_906,
      nodes: 3,
      set: { ...shape, start: 3, partition: 9, claims: 'immediate', whenDeleted: 'Delete', whenScaled: 'Delete' },
      steps: [
        { kind: 'Wait', ms: 40 },
        { kind: 'Fault', fault: 'conflict', times: 3, controller: 'persistentvolume-controller' },
        { kind: 'Wait', ms: 30_000 },
      ],
    },
  },
  {
    name: 'an orphan in the way',
    found: 'a set whose Pod name is taken said nothing about what it waits for',
    history: {
      seed: 449_428,
      nodes: 2,
      set: { ...shape, replicas: 1, policy: 'Parallel', start: 3, partition: 9 },
      steps: [
        { kind: 'Wait', ms: 1_500 },
        { kind: 'RelabelPod', pod: 2, app: 'other' },
      ],
    },
  },
]
