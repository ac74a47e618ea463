/**
 * Folds what people are told without a new version of the state for each: the Events and the memory of their correlation are gathered, and put
 * into a state when somebody wants to see it. The state is then as if `reduce` had folded each fact.
 */
import type { KubernetesObject } from '../api/object.js'
import { assert } from '../kernel/assert.js'
import { getAt, mapLater, setAll, sizeOf } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'
import { rememberedEntry, type CorrelationEntry, type RecordedAt, type Telling } from './event-correlation.js'
import { splitObjectPath, type KubernetesEventRepeated } from './object-events.js'
import { storeOf, withCorrelation, withStore, type ClusterState } from './state.js'
import { findObject } from './store.js'
import { placeOf, repeatedEvent, tellingAgain, tellingOf, toldEvent, type Involved, type Told } from './told-events.js'

export interface ToldEventsFold {
  /** Somebody told something of that object. */
  readonly tell: (state: ClusterState, told: Told, involved: Involved, at: SimTime) => void
  readonly repeat: (state: ClusterState, event: KubernetesEventRepeated, at: SimTime) => void
  /** The state with all that was told so far; what is told next is on top of that one. */
  readonly settled: (state: ClusterState) => ClusterState
}

export const toldEventsFold = (): ToldEventsFold => {
  let objects = new Map<string, KubernetesObject>()
  let memory = new Map<string, CorrelationEntry>()

  const remember = ({ correlation }: ClusterState, telling: Telling, recordedAt: RecordedAt | undefined, at: SimTime): void => {
    const before = memory.get(telling.source) ?? getAt(correlation, telling.source)
    memory.set(telling.source, rememberedEntry(before, telling, recordedAt, at))
  }

  return {
    tell: (state, told, involved, at) => {
      objects.set(splitObjectPath(told.object).key, toldEvent(told, involved, at))
      remember(state, tellingOf(told, involved), placeOf(told), at)
    },
    repeat: (state, event, at) => {
      const { key } = splitObjectPath(event.object)
      const before = objects.get(key) ?? findObject(storeOf(state, 'Event'), key)
      assert(before !== undefined, () => `${event.object} does not exist`)
      objects.set(key, repeatedEvent(before, event, at))
      const telling = tellingAgain(before, event)
      if (!telling.series) remember(state, telling, undefined, at)
    },
    settled: (state) => {
      if (objects.size === 0) return state
      const store = storeOf(state, 'Event')
      // (No index changes: nobody owns what is told, and what is told again keeps its owners.)
      const told = withStore(state, 'Event', { ...store, objects: setAll(store.objects, objects) })
      const after = withCorrelation(told, setAll(state.correlation, memory))
      objects = new Map()
      memory = new Map()
      return after
    },
  }
}

/**
 * The state with what `fold` tells on top of it, worked out when somebody looks at Events or at the memory of their correlation. `eventsAfter`
 * says how many Events there will be.
 */
export const withEventsLater = (state: ClusterState, eventsAfter: () => number, fold: (events: ToldEventsFold) => void): ClusterState => {
  let after: ClusterState | undefined
  const whole = (): ClusterState => {
    if (after === undefined) {
      const events = toldEventsFold()
      fold(events)
      after = events.settled(state)
    }
    return after
  }
  const store = storeOf(state, 'Event')
  const objects = mapLater(eventsAfter, () => storeOf(whole(), 'Event').objects)
  const correlation = mapLater(
    () => sizeOf(whole().correlation),
    () => whole().correlation,
  )
  return withCorrelation(withStore(state, 'Event', { ...store, objects }), correlation)
}
