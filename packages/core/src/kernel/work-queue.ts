/**
 * The work queue of one controller as plain data: which keys wait, since when they may be looked at, how often they failed, and what their
 * plan remembers. Follows client-go/util/workqueue: a key waits once however often it is added; a delayed add keeps the earliest time; a key
 * being worked on is looked at again afterwards; failures back off from 5 ms, doubled, to 1,000 s.
 */
import { limits } from './limits.js'
import type { Json } from './json.js'
import { emptyMap, getAt, removeAt, setAt, type PersistentMap } from './persistent-map.js'
import type { SimTime } from './sim-time.js'

export interface QueueEntry {
  /** The key is ready and will be looked at then. */
  readonly dueAt?: SimTime | undefined
  /** The key becomes ready then (AddAfter). */
  readonly delayedUntil?: SimTime | undefined
  /** The seq of the event on whose account it waits. */
  readonly delayedBy?: number | undefined
  /** The worker is busy with the key until then. */
  readonly busyUntil?: SimTime | undefined
  /** The failures in a row. */
  readonly failures?: number | undefined
  /** What the plan of this key remembers. */
  readonly memory?: Json | undefined
  /** The seq of the event that first asked for this look. */
  readonly causedBy?: number | undefined
}

export type WorkQueue = PersistentMap<QueueEntry>

export const emptyQueue: WorkQueue = emptyMap<QueueEntry>()

export const entryOf = (queue: WorkQueue, key: string): QueueEntry => getAt(queue, key) ?? noEntry

/** All fields, always in this order: entries are made several times a turn, and one shape of object is the cheapest. */
export const makeEntry = (
  dueAt: SimTime | undefined,
  delayedUntil: SimTime | undefined,
  delayedBy: number | undefined,
  busyUntil: SimTime | undefined,
  failures: number | undefined,
  memory: Json | undefined,
  causedBy: number | undefined,
): QueueEntry => ({ dueAt, delayedUntil, delayedBy, busyUntil, failures, memory, causedBy })

const noEntry = makeEntry(undefined, undefined, undefined, undefined, undefined, undefined, undefined)

/** When a ready add at `now` would be looked at, or undefined if the key waits for an earlier look already. */
export const readyTime = (entry: QueueEntry, now: SimTime, latencyMs: number): SimTime | undefined => {
  const earliest = now + latencyMs
  const dueAt = entry.busyUntil !== undefined && entry.busyUntil > earliest ? entry.busyUntil : earliest
  return entry.dueAt !== undefined && entry.dueAt <= dueAt ? undefined : dueAt
}

/** The back-off after `failures` failures in a row (1 for the first). */
export const backOffMs = (failures: number): number => {
  let delay: number = limits.backOffFirstMs
  for (let count = 1; count < failures && delay < limits.backOffMaxMs; count += 1) delay *= 2
  return delay < limits.backOffMaxMs ? delay : limits.backOffMaxMs
}

/** Entries that say nothing are not kept. */
export const withEntry = (queue: WorkQueue, key: string, entry: QueueEntry): WorkQueue =>
  entry.dueAt === undefined &&
  entry.delayedUntil === undefined &&
  entry.busyUntil === undefined &&
  (entry.failures ?? 0) === 0 &&
  entry.memory === undefined
    ? removeAt(queue, key)
    : setAt(queue, key, entry)
