import { kindOfInformer, lateInformersOf } from '../../cluster/late-informers.js'
import { storeOf } from '../../cluster/state.js'
import { forEachDifference } from '../../kernel/map-difference.js'
import { getAt, sizeOf } from '../../kernel/persistent-map.js'
import { noEventAlone } from '../by-turn.js'
import type { Invariant, Violation } from '../invariant.js'
import type { LaggingInformer } from '../../cluster/pending-work.js'
import type { ObservedTurn } from '../observed-turn.js'

const name = 'caches/nothing-is-lost'

/** Whether this turn was the delivery of the informer's next notification. */
export const deliveredTo = (informer: string, { item }: ObservedTurn): number =>
  item?.work.kind === 'deliver' && item.work.informer === informer ? 1 : 0

/** The writes of that kind in this turn, by resourceVersion: further facts of a write share it. */
const writesOf = (kind: string, { events }: ObservedTurn): readonly number[] => {
  const found: number[] = []
  let last = ''
  for (const { event } of events) {
    if (!('object' in event) || !event.object.startsWith(kind) || event.object[kind.length] !== '/') continue
    // Further facts of one write follow it at once. (Where each object counts its own versions, the number alone does not tell.)
    if (last === event.object && found.at(-1) === event.rv) continue
    last = event.object
    found.push(event.rv)
  }
  return found
}

/** The kinds of which something was written in this turn. */
const writtenIn = ({ before, after }: ObservedTurn): readonly string[] => {
  if (before.cluster.stores === after.cluster.stores) return noKinds
  const kinds: string[] = []
  forEachDifference(before.cluster.stores, after.cluster.stores, (kind) => kinds.push(kind))
  return kinds
}
const noKinds: readonly string[] = []

const judge = (informer: string, was: LaggingInformer | undefined, is: LaggingInformer, turn: ObservedTurn): Violation | undefined => {
  const kind = kindOfInformer(informer)
  const stored = storeOf(turn.after.cluster, kind)
  const last = is.underway.at(-1)
  if (storeOf(turn.before.cluster, kind) !== stored && (last?.store ?? is.seen) !== stored)
    return {
      invariant: name,
      message: `${informer} will not hear of the newest write of its kind; expected the last notification on its way (${last === undefined ? 'none' : `resourceVersion ${last.rv}`}) to be of it`,
    }
  // One that has begun to lag in this turn heard of what came before.
  if (was === undefined) return undefined
  const added = is.underway.slice(was.underway.length - deliveredTo(informer, turn))
  const writes = writesOf(kind, turn)
  if (added.length === writes.length && added.every(({ rv, kind: of }, place) => rv === writes[place] && of === kind)) return undefined
  return {
    invariant: name,
    message: `${informer} is to be told of ${added.length} writes (${added.map(({ rv }) => rv).join(', ')}); expected each of the ${writes.length} of its kind once and in order (${writes.join(', ')})`,
  }
}

/** W1 to W4, W6 and W12: of its own kind, in order, once, one write at a time, with no gap and none left out. */
export const nothingIsLost: Invariant = {
  name,
  promise: 'An informer that lags is told of every write of its kind, each once, in the order in which they were made.',
  expectation: 'always',
  ...noEventAlone,
  checkTurn: (turn) => {
    const { informers } = turn.after
    if (sizeOf(informers) === 0) return undefined
    const written = writtenIn(turn)
    let found: Violation | undefined
    for (const kind of written)
      for (const { name: informer } of lateInformersOf(informers).ofKind(kind)) {
        const is = getAt(informers, informer)
        if (is !== undefined) found ??= judge(informer, getAt(turn.before.informers, informer), is, turn)
      }
    forEachDifference(turn.before.informers, informers, (informer, was, is) => {
      if (is !== undefined && !written.includes(kindOfInformer(informer))) found ??= judge(informer, was, is, turn)
    })
    return found
  },
}
