import { noEventAlone } from '../by-turn.js'
import type { Invariant } from '../invariant.js'

const name = 'time/time-never-falls'

/** C1. (A search may take a key that is ready before its latency has passed; a delay is always waited for.) */
export const timeNeverFalls: Invariant = {
  name,
  promise: 'The clock never goes back, and no delayed look happens before its time.',
  expectation: 'always',
  ...noEventAlone,
  checkTurn: ({ before, after, item, events }) => {
    if (after.now < before.now)
      return { invariant: name, message: `it is ${after.now} ms after it was ${before.now} ms; expected time never to fall` }
    if (item?.work.kind === 'delayed' && after.now < item.dueAt)
      return {
        invariant: name,
        message: `${item.work.controller} looked at ${item.work.key} at ${after.now} ms; expected not before ${item.dueAt} ms`,
      }
    for (const { at, seq } of events)
      if (at !== after.now)
        return { invariant: name, message: `event ${seq} is at ${at} ms in a turn at ${after.now} ms; expected one instant` }
    return undefined
  },
}
