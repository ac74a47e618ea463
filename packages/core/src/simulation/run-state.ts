/** All that a paused run needs, as data: the cluster, what is due, who waits in which queue, and what the informers have seen. */
import type { ClusterState } from '../cluster/state.js'
import type { DueWork, LaggingInformer } from '../cluster/pending-work.js'
import { emptyAgenda, type Agenda } from '../kernel/agenda.js'
import { emptyMap, type PersistentMap } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'
import type { WorkQueue } from '../kernel/work-queue.js'

export interface RunState {
  readonly now: SimTime
  /** Events recorded so far; the next one's seq. */
  readonly seq: number
  /** Turns ended so far. */
  readonly turn: number
  readonly cluster: ClusterState
  readonly agenda: Agenda<DueWork>
  /** The next order number of the agenda. */
  readonly order: number
  readonly queues: PersistentMap<WorkQueue>
  /** controller and kind → what it still sees. */
  readonly informers: PersistentMap<LaggingInformer>
  /** Controllers that work on one key at a time → when the next key can have its turn. */
  readonly workers: PersistentMap<SimTime>
  /** In lean runs: how far the versions of objects had come that are gone. */
  readonly goneVersions: PersistentMap<number>
}

export const initialRunState = (cluster: ClusterState): RunState => ({
  now: 0,
  seq: 0,
  turn: 0,
  cluster,
  agenda: emptyAgenda(),
  order: 0,
  queues: emptyMap(),
  informers: emptyMap(),
  workers: emptyMap(),
  goneVersions: emptyMap(),
})
