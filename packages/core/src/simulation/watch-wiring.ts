/**
 * The wiring of informers to work queues: each controller is a stream of watch notifications in and a stream of keys out. Nothing is decided
 * here and nothing is kept: publishing a notification collects the keys that it wakes.
 */
import { map, Subject, type Observable } from 'rxjs'
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

interface Port {
  readonly subject: Subject<Delivery>
  readonly wakes$: Observable<readonly Wake[]>
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

/** The last value that a synchronous stream gave while `publish` ran. What a watch throws is thrown on: rxjs would do so later, out of the turn. */
const collecting = <In>(subject: Subject<In>, wakes$: Observable<readonly Wake[]>): ((value: In) => readonly Wake[]) => {
  let collected: readonly Wake[] = none
  let failure: { readonly error: unknown } | undefined
  wakes$.subscribe({
    next: (wakes) => {
      collected = wakes
    },
    error: (error: unknown) => {
      failure = { error }
    },
  })
  return (value) => {
    collected = none
    subject.next(value)
    if (failure !== undefined) throw failure.error
    return collected
  }
}

const portOf = (watch: Watch): Port => {
  const subject = new Subject<Delivery>()
  return { subject, wakes$: subject.pipe(map(({ notification, reader }) => watch(notification, reader))) }
}

export const wireWatches = (controllers: readonly Controller[]): Wiring => {
  const byKind = new Map<string, Watcher[]>()
  const byInformer = new Map<string, Watcher>()
  const worldWatchers: WorldWatcher[] = []
  for (const controller of controllers) {
    for (const [kind, watch] of Object.entries(controller.watches)) {
      // A watch of a kind is only ever given notifications of that kind.
      const { subject, wakes$ } = portOf(watch as unknown as Watch)
      const informer = `${controller.name} ${kind}`
      const watcher: Watcher = { controller, informer, wakes: collecting(subject, wakes$) }
      byInformer.set(informer, watcher)
      const others = byKind.get(kind)
      if (others === undefined) byKind.set(kind, [watcher])
      else others.push(watcher)
    }
    const { worldWatch } = controller
    if (worldWatch !== undefined) {
      const subject = new Subject<WorldDelivery>()
      worldWatchers.push({ controller, wakes: collecting(subject, subject.pipe(map(({ event, reader }) => worldWatch(event, reader)))) })
    }
  }
  return { watchersOf: (kind) => byKind.get(kind) ?? nobody, watcherOf: (informer) => byInformer.get(informer), worldWatchers }
}
