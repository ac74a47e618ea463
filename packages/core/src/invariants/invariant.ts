/** What must hold after every event: a name, an expectation, and an incremental check of one event. */
import type { KubernetesObject } from '../api/object.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { ClusterEvent } from '../cluster/events.js'
import type { Reader } from '../cluster/reader.js'
import type { ClusterState } from '../cluster/state.js'
import type { RecordedEvent } from '../kernel/recorded-event.js'
import type { ObservedTurn } from './observed-turn.js'

/** What an event did to the stored object that it is about. */
export interface ObservedChange {
  /** `Pod/default/web-0` */
  readonly path: string
  readonly kind: string
  readonly namespace: string
  readonly name: string
  readonly before: KubernetesObject | undefined
  readonly after: KubernetesObject | undefined
}

export interface Observation {
  readonly before: ClusterState
  readonly recorded: RecordedEvent<ClusterEvent>
  readonly after: ClusterState
  /** What the acting controller's plan reads: its caches as they were when the plan began. Absent for commands from outside. */
  readonly view?: Reader | undefined
  /** Both versions of the object that the event is about, where the engine has looked them up already (`changeOf` asks here first). */
  readonly change?: ObservedChange | undefined
  /** What was asked for, and the newest resourceVersion when it was decided; absent for what nobody asked the API server for. */
  readonly request?: ObservedRequest | undefined
}

export interface ObservedRequest {
  readonly command: ClusterCommand
  readonly revision: number
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
  /**
   * Of the changes of objects only those that write one of these fields (`/spec/nodeName`), something that holds it, or with a slash at its
   * end something in it (`/status/`) can break it; the check is called for no other change. Absent: for every one.
   */
  readonly fields?: readonly string[]
  /** O(changed). For `sometimes`: a violation-shaped answer means "it happened". */
  readonly check: (observation: Observation) => Violation | undefined
  /** For what no single event shows: a look at each turn when it has ended. */
  readonly checkTurn?: (turn: ObservedTurn) => Violation | undefined
}
