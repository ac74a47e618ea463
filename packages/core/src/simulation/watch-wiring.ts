/**
 * The wiring of informers to work queues: each controller is a stream of watch notifications in and a stream of keys out. Nothing is decided
 * here and nothing is kept: publishing a notification collects the keys that it wakes.
 */
import { Observable, type Subscriber } from 'rxjs'
import type { KubernetesObject } from '../api/object.js'
import type { Controller, Wake, WatchNotification } from '../controllers/controller.js'
import type { Reader } from '../cluster/reader.js'

/**
 * A controller with all its fields, always in this order. Each controller is written as an object of a shape of its own; the engine looks into
 * one many times a turn, and one shape is the cheapest.
 */
export type Worker = { readonly [Field in keyof Required<Controller>]: Controller[Field] }

export const workerOf = (controller: Controller): Worker => ({
  name: controller.name,
  watches: controller.watches,
  plan: controller.plan,
  start: controller.start,
  latencyMs: controller.latencyMs,
  serialMs: controller.serialMs,
  busyMs: controller.busyMs,
  handsOutWritesInMs: controller.handsOutWritesInMs,
  worldWatch: controller.worldWatch,
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

const none: readonly Wake[] = []
const nobody: readonly Watcher[] = []

interface Delivery<What> {
  readonly what: What
  /** The controller's own reader. */
  readonly reader: Reader
}

/**
 * A stream of notifications through a controller's watch; the answer to each is collected while it is published. What a watch throws is
 * thrown on: rxjs would do so later, out of the turn. (One subscriber that is there from the start: a Subject's list of them is not needed.)
 */
const collecting = <What>(watch: (what: What, reader: Reader) => readonly Wake[]): ((what: What, reader: Reader) => readonly Wake[]) => {
  let publish: Pick<Subscriber<Delivery<What>>, 'next'> | undefined
  let collected: readonly Wake[] = none
  let failure: { readonly error: unknown } | undefined
  const notifications$ = new Observable<Delivery<What>>((subscriber) => {
    publish = subscriber
  })
  notifications$.subscribe(({ what, reader }) => {
    try {
      collected = watch(what, reader)
    } catch (error) {
      failure = { error }
    }
  })
  return (what, reader) => {
    collected = none
    publish?.next({ what, reader })
    if (failure !== undefined) throw failure.error
    return collected
  }
}

export const wireWatches = (controllers: readonly Worker[]): Wiring => {
  const byKind = new Map<string, Watcher[]>()
  const byInformer = new Map<string, Watcher>()
  const worldWatchers: WorldWatcher[] = []
  for (const controller of controllers) {
    for (const [kind, watch] of Object.entries(controller.watches)) {
      // A watch of a kind is only ever given notifications of that kind.
      const wakes = collecting(watch as unknown as Watcher['wakes'])
      const watcher: Watcher = { controller, informer: `${controller.name} ${kind}`, wakes }
      byInformer.set(watcher.informer, watcher)
      const others = byKind.get(kind)
      if (others === undefined) byKind.set(kind, [watcher])
      else others.push(watcher)
    }
    const { worldWatch } = controller
    if (worldWatch !== undefined) worldWatchers.push({ controller, wakes: collecting(worldWatch) })
  }
  return { watchersOf: (kind) => byKind.get(kind) ?? nobody, watcherOf: (informer) => byInformer.get(informer), worldWatchers }
}
