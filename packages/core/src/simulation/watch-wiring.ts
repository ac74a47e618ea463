/**
 * The wiring of informers to work queues: each controller is a stream of watch notifications in and a stream of keys out. Nothing is decided
 * here and nothing is kept: publishing a notification collects the keys that it wakes.
 */
import { Observable, type Subscriber } from 'rxjs'
import type { KubernetesObject } from '../api/object.js'
import type { ClusterEvent } from '../cluster/events.js'
import type { Reader } from '../cluster/reader.js'
import type { Controller, Wake, WatchNotification } from '../controllers/controller.js'

export interface Delivery {
  readonly notification: WatchNotification
  /** The controller's own reader. */
  readonly reader: Reader
}

export interface WorldDelivery {
  readonly event: ClusterEvent
  readonly reader: Reader
}

/** One controller's watch of one kind. */
export interface Watcher {
  readonly controller: Controller
  /** Names its informer: `statefulset-controller Pod`. */
  readonly informer: string
  /** The keys that the notification wakes. */
  readonly wakes: (delivery: Delivery) => readonly Wake[]
}

export interface WorldWatcher {
  readonly controller: Controller
  readonly wakes: (delivery: WorldDelivery) => readonly Wake[]
}

export interface Wiring {
  /** Who watches the kind, in the order of the list of controllers. */
  readonly watchersOf: (kind: string) => readonly Watcher[]
  /** The watcher behind an informer. */
  readonly watcherOf: (informer: string) => Watcher | undefined
  readonly worldWatchers: readonly WorldWatcher[]
}

type Watch = (notification: WatchNotification<KubernetesObject>, reader: Reader) => readonly Wake[]

const none: readonly Wake[] = []
const nobody: readonly Watcher[] = []

/**
 * A stream of notifications through a controller's watch; the answer to each is collected while it is published. What a watch throws is
 * thrown on: rxjs would do so later, out of the turn. (One subscriber that is there from the start: a Subject's list of them is not needed.)
 */
const collecting = <In>(watch: (value: In) => readonly Wake[]): ((value: In) => readonly Wake[]) => {
  let publish: Pick<Subscriber<In>, 'next'> | undefined
  let collected: readonly Wake[] = none
  let failure: { readonly error: unknown } | undefined
  const notifications$ = new Observable<In>((subscriber) => {
    publish = subscriber
  })
  notifications$.subscribe((value) => {
    try {
      collected = watch(value)
    } catch (error) {
      failure = { error }
    }
  })
  return (value) => {
    collected = none
    publish?.next(value)
    if (failure !== undefined) throw failure.error
    return collected
  }
}

export const wireWatches = (controllers: readonly Controller[]): Wiring => {
  const byKind = new Map<string, Watcher[]>()
  const byInformer = new Map<string, Watcher>()
  const worldWatchers: WorldWatcher[] = []
  for (const controller of controllers) {
    for (const [kind, watch] of Object.entries(controller.watches)) {
      // A watch of a kind is only ever given notifications of that kind.
      const notified = watch as unknown as Watch
      const informer = `${controller.name} ${kind}`
      const wakes = collecting<Delivery>(({ notification, reader }) => notified(notification, reader))
      const watcher: Watcher = { controller, informer, wakes }
      byInformer.set(informer, watcher)
      const others = byKind.get(kind)
      if (others === undefined) byKind.set(kind, [watcher])
      else others.push(watcher)
    }
    const { worldWatch } = controller
    if (worldWatch !== undefined)
      worldWatchers.push({ controller, wakes: collecting<WorldDelivery>(({ event, reader }) => worldWatch(event, reader)) })
  }
  return { watchersOf: (kind) => byKind.get(kind) ?? nobody, watcherOf: (informer) => byInformer.get(informer), worldWatchers }
}
