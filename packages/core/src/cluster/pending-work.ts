/** What is still to come between two turns: keys that wait for their controllers, and writes that lagging informers have not heard of. */
import type { SimTime } from '../kernel/sim-time.js'
import type { ObjectStore } from './store.js'

export type DueWork =
  /** A key of a controller may be looked at (`ready`), or its delay is over (`delayed`). Stale when the queue's entry says another time. */
  | { readonly kind: 'ready' | 'delayed'; readonly controller: string; readonly key: string }
  /** A lagging informer hears of the next write. */
  | { readonly kind: 'deliver'; readonly informer: string }

/** One write that a lagging informer has not heard of yet. */
export interface Undelivered {
  readonly dueAt: SimTime
  readonly kind: string
  readonly key: string
  /** The store right after that write. */
  readonly store: ObjectStore
  readonly rv: number
  readonly seq: number
}

/** An informer that lags: the store as it last saw it, and what is on its way. Informers that do not lag have no entry. */
export interface LaggingInformer {
  readonly seen: ObjectStore
  readonly underway: readonly Undelivered[]
}
