/** One turn that has ended: how the run stood before and after it. For what no single event shows: queues, informers, the clock. */
import type { ClusterEvent } from '../cluster/events.js'
import type { ClusterState } from '../cluster/state.js'
import type { ObjectStore } from '../cluster/store.js'
import type { PersistentMap } from '../kernel/persistent-map.js'
import type { RecordedEvent } from '../kernel/recorded-event.js'
import type { SimTime } from '../kernel/sim-time.js'
import type { WorkQueue } from '../kernel/work-queue.js'

/** An informer that lags: the store as it last saw it, and the writes that it has not heard of yet. */
export interface SlowInformer {
  readonly seen: ObjectStore
  readonly underway: readonly {
    readonly dueAt: SimTime
    readonly kind: string
    readonly key: string
    /** Right after that write. */
    readonly store: ObjectStore
    readonly rv: number
    readonly seq: number
  }[]
}

/** What a turn changes (the parts of the run's state that are looked at here). */
export interface TurnSide {
  readonly now: SimTime
  readonly cluster: ClusterState
  readonly queues: PersistentMap<WorkQueue>
  /** `statefulset-controller Pod` → what it still sees. */
  readonly informers: PersistentMap<SlowInformer>
}

export type TurnWork =
  | { readonly kind: 'ready' | 'delayed'; readonly controller: string; readonly key: string }
  | { readonly kind: 'deliver'; readonly informer: string }

export interface ObservedTurn {
  readonly before: TurnSide
  readonly after: TurnSide
  /** The due item that was taken; undefined: a command from outside. */
  readonly item: { readonly dueAt: SimTime; readonly work: TurnWork } | undefined
  readonly events: readonly RecordedEvent<ClusterEvent>[]
}
