/** Everything that can have happened: the closed union of the log. */
import * as t from 'io-ts'
import * as engine from './engine-events.js'
import * as object from './object-events.js'
import { WorldEvent } from './world-events.js'

export const ClusterEvent = t.union([
  object.ObjectCreated,
  object.ObjectChanged,
  object.ObjectDeleted,
  object.KubernetesEventRecorded,
  object.KubernetesEventRepeated,
  engine.CommandReceived,
  engine.CommandRejected,
  engine.WaitingChanged,
  engine.ControllerCrashed,
  engine.ControllerRestarted,
  engine.InformerLagSet,
  engine.ApiFaultSet,
  engine.ApiFaultStruck,
  WorldEvent,
])
export type ClusterEvent = object.ObjectEvent | engine.EngineEvent | WorldEvent
