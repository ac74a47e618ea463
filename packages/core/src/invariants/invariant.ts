/** What must hold after every event: a name, an expectation, and an incremental check of one event. */
import type { ClusterEvent } from '../cluster/events.js'
import type { Reader } from '../cluster/reader.js'
import type { ClusterState } from '../cluster/state.js'
import type { RecordedEvent } from '../kernel/recorded-event.js'

export interface Observation {
  readonly before: ClusterState
  readonly recorded: RecordedEvent<ClusterEvent>
  readonly after: ClusterState
  /** What the acting controller's plan reads: its caches as they were when the plan began. Absent for commands from outside. */
  readonly view?: Reader
}

export interface Violation {
  readonly invariant: string
  /** One sentence: what, where, expected and found. */
  readonly message: string
  /** What to look at or to do. */
  readonly hint?: string
}

export interface Invariant {
  /** `stateful-set/at-most-one-pod-per-ordinal` */
  readonly name: string
  /** One sentence. */
  readonly promise: string
  readonly expectation: 'always' | 'sometimes'
  /** The kinds of events that can break it; the check is called for these only. */
  readonly concerns: readonly ClusterEvent['kind'][]
  /** O(changed). For `sometimes`: a violation-shaped answer means "it happened". */
  readonly check: (observation: Observation) => Violation | undefined
}
