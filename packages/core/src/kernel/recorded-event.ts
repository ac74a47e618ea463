/** The envelope of everything in the log. */
import type { SimTime } from './sim-time.js'

export interface RecordedEvent<Event> {
  /** Position in the log, from 0, without gaps. */
  readonly seq: number
  /** The unit of atomic progress it belongs to: one due item and all that it caused. */
  readonly turn: number
  /** Simulated milliseconds since the start. */
  readonly at: SimTime
  /** The seq of the event that led to this one, or null. */
  readonly causedBy: number | null
  /** Who did it: `user`, `statefulset-controller`, `kubelet/node-1`. */
  readonly actor: string
  readonly event: Event
}
