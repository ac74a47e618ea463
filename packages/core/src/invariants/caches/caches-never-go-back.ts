import { forEachDifference } from '../../kernel/map-difference.js'
import { sizeOf } from '../../kernel/persistent-map.js'
import { noEventAlone } from '../by-turn.js'
import type { Invariant, Violation } from '../invariant.js'
import type { LaggingInformer } from '../../cluster/pending-work.js'
import type { ObservedTurn } from '../observed-turn.js'
import { deliveredTo } from './nothing-is-lost.js'

const name = 'caches/caches-never-go-back'

type Underway = LaggingInformer['underway'][number]

/** By their place in the log; where objects count their own versions, the numbers of two tell nothing. */
const isLater = (one: Underway, other: Underway): boolean => (one.seq === other.seq ? one.rv > other.rv : one.seq > other.seq)

const judge = (informer: string, was: LaggingInformer, is: LaggingInformer | undefined, turn: ObservedTurn): Violation | undefined => {
  const delivered = deliveredTo(informer, turn)
  // What does not lag any more reads what is stored: then everything must have been delivered.
  if (is === undefined)
    return was.underway.length <= delivered
      ? undefined
      : {
          invariant: name,
          message: `${informer} does not lag any more with ${was.underway.length - delivered} notifications on their way; expected it to hear of them first`,
        }
  const [next] = was.underway
  if (is.seen !== (delivered === 0 || next === undefined ? was.seen : next.store))
    return {
      invariant: name,
      message: `${informer} sees something else than before${delivered === 0 ? ' although it was told of nothing' : ` and not what write ${next?.rv ?? ''} left`}; expected it to see the first writes of its kind, one more with each notification`,
    }
  if (was.underway.length > delivered && is.underway[0] !== was.underway[delivered])
    return {
      invariant: name,
      message: `${informer} has resourceVersion ${is.underway[0]?.rv ?? 'nothing'} on its way next; expected ${was.underway[delivered]?.rv ?? ''}, as before`,
    }
  const last = is.underway.at(-1)
  const beforeLast = is.underway.at(-2)
  if (last === undefined || beforeLast === undefined || (isLater(last, beforeLast) && last.dueAt >= beforeLast.dueAt)) return undefined
  return {
    invariant: name,
    message: `${informer} is to be told of write ${last.rv} at ${last.dueAt} ms, after write ${beforeLast.rv} at ${beforeLast.dueAt} ms; expected the order of the writes`,
  }
}

/** W10 and W11. */
export const cachesNeverGoBack: Invariant = {
  name,
  promise: 'What an informer shows is the outcome of the first writes of its kind, and never of fewer than before.',
  expectation: 'always',
  ...noEventAlone,
  checkTurn: (turn) => {
    const { informers } = turn.before
    if (sizeOf(informers) === 0 || informers === turn.after.informers) return undefined
    let found: Violation | undefined
    forEachDifference(informers, turn.after.informers, (informer, was, is) => {
      if (found === undefined && was !== undefined) found = judge(informer, was, is, turn)
    })
    return found
  },
}
