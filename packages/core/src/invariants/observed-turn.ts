/** One turn that has ended: how the run stood before and after it. For what no single event shows: queues, informers, the clock. */
import type { ClusterEvent } from '../cluster/events.js'
import type { DueWork, LaggingInformer } from '../cluster/pending-work.js'
import type { ClusterState } from '../cluster/state.js'
import type { PersistentMap } from '../kernel/persistent-map.js'
import type { RecordedEvent } from '../kernel/recorded-event.js'
import type { SimTime } from '../kernel/sim-time.js'
import type { WorkQueue } from '../kernel/work-queue.js'

/** What a turn changes (the parts of the run's state that are looked at here). */
export interface TurnSide {
  readonly now: SimTime
  readonly cluster: ClusterState
  readonly queues: PersistentMap<WorkQueue>
  /** `statefulset-controller Pod` → what it still sees. */
  readonly informers: PersistentMap<LaggingInformer>
}

export interface ObservedTurn {
  readonly before: TurnSide
  readonly after: TurnSide
  /** The due item that was taken; undefined: a command from outside. */
  readonly item: { readonly dueAt: SimTime; readonly work: DueWork } | undefined
  readonly events: readonly RecordedEvent<ClusterEvent>[]
}
