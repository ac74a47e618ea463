/**
 * What a controller is: which watch notifications wake which keys, and a pure plan from a key to commands.
 *
 * A plan is a generator: it yields one command at a time and receives the API's answer, so that it can be written in the order of the Go
 * source. It is run to its end within one turn; it must not keep anything between runs except what it returns as `memory` (plain data).
 * It reads only through `context.reader` (the informers' caches), and every chance is `context.choose`.
 */
import type { KubernetesObject } from '../api/object.js'
import type { ApiStatus } from '../api/api-status.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { Kind, Reader } from '../cluster/reader.js'
import type { Waiting } from '../cluster/waiting.js'
import type { World } from '../cluster/world.js'
import type { Kinds } from '../api/generated/types.js'
import type { Json } from '../kernel/json.js'
import type { Choose } from '../kernel/choose.js'
import type { SimTime } from '../kernel/sim-time.js'

export type { Waiting }

export type WatchNotification<T extends KubernetesObject = KubernetesObject> =
  | { readonly type: 'ADDED'; readonly object: T; readonly old: undefined }
  | { readonly type: 'MODIFIED'; readonly object: T; readonly old: T }
  | { readonly type: 'DELETED'; readonly object: T; readonly old: T }

/** A key to look at, now or after some time. */
export interface Wake {
  readonly key: string
  readonly afterMs?: number
}

export interface PlanContext {
  readonly key: string
  readonly now: SimTime
  readonly reader: Reader
  /** The physical world, for kubelets and other machines only. */
  readonly world: World
  readonly choose: Choose
  /** What the last plan of this key returned as `memory`. */
  readonly memory: Json | undefined
  /** How often in a row the plan of this key has failed. */
  readonly failures: number
}

export interface PlanOutcome {
  readonly waitingFor?: readonly Waiting[]
  /** Look at the key again after this time, whatever happens before. */
  readonly requeueAfterMs?: number
  /** The sync failed: look again after the back-off of the work queue (5 ms, doubled for each failure in a row). */
  readonly error?: ApiStatus
  /** Replaces the key's memory; null forgets it; absent keeps it. */
  readonly memory?: Json
}

export type Plan = Generator<ClusterCommand, PlanOutcome, ApiResult>

export type Watches = { readonly [K in Kind]?: (notification: WatchNotification<Kinds[K]>, reader: Reader) => readonly Wake[] }

export interface Controller {
  /** Also the `component` of its Events. */
  readonly name: string
  readonly watches: Watches
  readonly plan: (context: PlanContext) => Plan
  /** Keys to look at when the controller starts (or restarts) beyond those that the first ADDED notifications give. */
  readonly start?: (reader: Reader) => readonly Wake[]
  /** From a notification to the look at its key, in simulated ms (default 1). */
  readonly latencyMs?: number
  /** A single worker: looks at its keys one after another, each this many simulated ms after the one before. */
  readonly serialMs?: number
  /** How long a sync of this key keeps its worker busy, in simulated ms: the same key is not looked at again before (default 1). */
  readonly busyMs?: (key: string, reader: Reader) => number
  /** How long a sync that writes keeps its worker busy when other workers do the writing, in simulated ms (default: the time of each write). */
  readonly handsOutWritesInMs?: number
  /** World events that wake keys (kubelets). */
  readonly worldWatch?: (event: import('../cluster/events.js').ClusterEvent, reader: Reader) => readonly Wake[]
}
