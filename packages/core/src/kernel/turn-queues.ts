/**
 * The work queues while a turn runs. An entry is looked at and put several times in one turn; only what it is in the end is written into
 * the persistent queues, once. Between turns the persistent map alone says everything.
 */
import { emptyQueue, entryOf, withEntry, type QueueEntry, type WorkQueue } from './work-queue.js'
import { getAt, removeAt, setAt, type PersistentMap } from './persistent-map.js'

/** Controller → its work queue. */
export type WorkQueues = PersistentMap<WorkQueue>

export interface TurnQueues {
  readonly entryOf: (controller: string, key: string) => QueueEntry
  readonly put: (controller: string, key: string, entry: QueueEntry) => void
  /** The controller's process has ended, and its queue with it. */
  readonly forget: (controller: string) => void
  /** The queues as they are now. */
  readonly settle: () => WorkQueues
  /** Goes on from these queues. */
  readonly load: (queues: WorkQueues) => void
}

interface Touched {
  controller: string
  key: string
  entry: QueueEntry
}

/** Up to so many entries a look at each is quicker than a table. */
const few = 12

export const makeTurnQueues = (initial: WorkQueues): TurnQueues => {
  let settled = initial
  const touched: Touched[] = []
  // The first `count` of them are of this turn; the others are kept to be used again.
  let count = 0
  const places = new Map<string, number>()

  // An entry that was looked at is mostly the one that is put next.
  let last = 0

  const placeOf = (controller: string, key: string): number => {
    const known = last < count ? touched[last] : undefined
    if (known !== undefined && known.key === key && known.controller === controller) return last
    const place = findPlace(controller, key)
    if (place >= 0) last = place
    return place
  }

  const findPlace = (controller: string, key: string): number => {
    if (places.size > 0) return places.get(`${controller} ${key}`) ?? -1
    for (let place = 0; place < count; place += 1) {
      const item = touched[place]
      if (item !== undefined && item.key === key && item.controller === controller) return place
    }
    return -1
  }

  const add = (controller: string, key: string, entry: QueueEntry): void => {
    const item = touched[count]
    if (item === undefined) touched.push({ controller, key, entry })
    else {
      item.controller = controller
      item.key = key
      item.entry = entry
    }
    if (places.size > 0) places.set(`${controller} ${key}`, count)
    last = count
    count += 1
    if (count === few)
      for (let place = 0; place < count; place += 1) {
        const other = touched[place]
        if (other !== undefined) places.set(`${other.controller} ${other.key}`, place)
      }
  }

  const settle = (): WorkQueues => {
    for (let place = 0; place < count; place += 1) {
      const item = touched[place]
      if (item === undefined) continue
      const { controller, key, entry } = item
      settled = setAt(settled, controller, withEntry(getAt(settled, controller) ?? emptyQueue, key, entry))
    }
    count = 0
    if (places.size > 0) places.clear()
    return settled
  }

  return {
    entryOf: (controller, key) => {
      const place = placeOf(controller, key)
      const item = place < 0 ? undefined : touched[place]
      return item === undefined ? entryOf(getAt(settled, controller) ?? emptyQueue, key) : item.entry
    },
    put: (controller, key, entry) => {
      const place = placeOf(controller, key)
      const item = place < 0 ? undefined : touched[place]
      if (item === undefined) add(controller, key, entry)
      else item.entry = entry
    },
    forget: (controller) => {
      settled = removeAt(settle(), controller)
    },
    settle,
    load: (queues) => {
      settled = queues
      count = 0
      if (places.size > 0) places.clear()
    },
  }
}
