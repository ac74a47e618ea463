import { getAt } from '../../kernel/persistent-map.js'
import { backOffMs, emptyQueue, entryOf } from '../../kernel/work-queue.js'
import { noEventAlone } from '../by-turn.js'
import type { Invariant } from '../invariant.js'

const name = 'time/failures-back-off'

/** C2, for keys. Follows ItemExponentialFailureRateLimiter in client-go/util/workqueue/default_rate_limiters.go. */
export const failuresBackOff: Invariant = {
  name,
  promise:
    'A key whose sync failed is tried again, at the latest after its back-off: 5 ms, doubled with each failure in a row, 1,000 s at most.',
  expectation: 'always',
  ...noEventAlone,
  checkTurn: ({ before, after, item }) => {
    if (item === undefined || item.work.kind === 'deliver' || before.queues === after.queues) return undefined
    const { controller, key } = item.work
    const { failures = 0, dueAt, delayedUntil } = entryOf(getAt(after.queues, controller) ?? emptyQueue, key)
    if (failures === 0) return undefined
    const had = entryOf(getAt(before.queues, controller) ?? emptyQueue, key).failures ?? 0
    if (failures === had) return undefined
    if (failures !== had + 1)
      return { invariant: name, message: `${controller} counts ${failures} failures of ${key} in a row after ${had}; expected ${had + 1}` }
    const next = Math.min(dueAt ?? Number.POSITIVE_INFINITY, delayedUntil ?? Number.POSITIVE_INFINITY)
    const latest = after.now + backOffMs(failures)
    if (next <= latest || (dueAt !== undefined && delayedUntil !== undefined && delayedUntil <= latest)) return undefined
    return {
      invariant: name,
      message: `${controller} looks at ${key} again ${next === Number.POSITIVE_INFINITY ? 'never' : `at ${next} ms`} after failure ${failures} in a row; expected ${latest} ms at the latest`,
    }
  },
}
