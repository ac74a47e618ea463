/**
 * The wiring of informers to work queues: each controller takes a stream of watch notifications and answers each with the keys that it wakes.
 * Nothing is decided here and nothing is kept. A notification is handed over by a call, because its answer is waited for: who wants to see the
 * streams subscribes to the simulation's `changes$` (what goes in) and `commands$` (what comes out).
 */
import type { KubernetesObject } from '../api/object.js'
import type { Controller, Wake, WatchNotification } from '../controllers/controller.js'
import type { Reader } from '../cluster/reader.js'

/**
 * A controller with all its fields, always in this order. Each controller is written as an object of a shape of its own; the engine looks into
 * one many times a turn, and one shape is the cheapest.
 */
export type Worker = { readonly [Field in keyof Required<Controller>]: Controller[Field] }

export const workerOf = ({
  name,
  watches,
  plan,
  start,
  latencyMs,
  serialMs,
  busyMs,
  handsOutWritesInMs,
  worldWatch,
}: Controller): Worker => ({
  name,
  watches,
  plan,
  start,
  latencyMs,
  serialMs,
  busyMs,
  handsOutWritesInMs,
  worldWatch,
})

/** One controller's watch of one kind. */
export interface Watcher {
  readonly controller: Worker
  /** Names its informer: `statefulset-controller Pod`. */
  readonly informer: string
  /** The keys that the notification wakes, given the controller's own reader. */
  readonly wakes: (notification: WatchNotification<KubernetesObject>, reader: Reader) => readonly Wake[]
}

export interface WorldWatcher {
  readonly controller: Worker
  readonly wakes: NonNullable<Controller['worldWatch']>
}

export interface Wiring {
  /** Who watches the kind, in the order of the list of controllers. */
  readonly watchersOf: (kind: string) => readonly Watcher[]
  /** The watcher behind an informer. */
  readonly watcherOf: (informer: string) => Watcher | undefined
  readonly worldWatchers: readonly WorldWatcher[]
}

const nobody: readonly Watcher[] = []

export const wireWatches = (controllers: readonly Worker[]): Wiring => {
  const byKind = new Map<string, Watcher[]>()
  const byInformer = new Map<string, Watcher>()
  const worldWatchers: WorldWatcher[] = []
  for (const controller of controllers) {
    for (const [kind, watch] of Object.entries(controller.watches)) {
      // A watch of a kind is only ever given notifications of that kind.
      const watcher: Watcher = { controller, informer: `${controller.name} ${kind}`, wakes: watch as unknown as Watcher['wakes'] }
      byInformer.set(watcher.informer, watcher)
      const others = byKind.get(kind)
      if (others === undefined) byKind.set(kind, [watcher])
      else others.push(watcher)
    }
    const { worldWatch } = controller
    if (worldWatch !== undefined) worldWatchers.push({ controller, wakes: worldWatch })
  }
  return { watchersOf: (kind) => byKind.get(kind) ?? nobody, watcherOf: (informer) => byInformer.get(informer), worldWatchers }
}
