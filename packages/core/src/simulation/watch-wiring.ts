/**
 * The wiring of informers to work queues: each controller is a stream of watch notifications in and a stream of keys out. Nothing is decided
 * here and nothing is kept: publishing a notification collects the keys that it wakes.
 */
import { filter, map, Subject, type Observable } from 'rxjs'
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

export interface Wiring {
  /** controller names that watch the kind, in the order of the list of controllers. */
  readonly watchersOf: (kind: string) => readonly string[]
  readonly worldWatchers: readonly string[]
  /** The keys that the notification wakes in that controller. */
  readonly wakesOf: (controller: string, kind: string, delivery: Delivery) => readonly Wake[]
  readonly worldWakesOf: (controller: string, delivery: WorldDelivery) => readonly Wake[]
}

type Watch = (notification: WatchNotification<KubernetesObject>, reader: Reader) => readonly Wake[]

const none: readonly Wake[] = []
const noNames: readonly string[] = []

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
  const wakes$ = subject.pipe(
    map(({ notification, reader }) => watch(notification, reader)),
    filter((wakes) => wakes.length > 0),
  )
  return { subject, wakes$ }
}

export const wireWatches = (controllers: readonly Controller[]): Wiring => {
  const watchers = new Map<string, string[]>()
  const ports = new Map<string, (delivery: Delivery) => readonly Wake[]>()
  const worldPorts = new Map<string, (delivery: WorldDelivery) => readonly Wake[]>()
  for (const controller of controllers) {
    for (const [kind, watch] of Object.entries(controller.watches)) {
      watchers.set(kind, [...(watchers.get(kind) ?? []), controller.name])
      // A watch of a kind is only ever given notifications of that kind.
      const { subject, wakes$ } = portOf(watch as unknown as Watch)
      ports.set(`${controller.name} ${kind}`, collecting(subject, wakes$))
    }
    const { worldWatch } = controller
    if (worldWatch !== undefined) {
      const subject = new Subject<WorldDelivery>()
      worldPorts.set(controller.name, collecting(subject, subject.pipe(map(({ event, reader }) => worldWatch(event, reader)))))
    }
  }
  return {
    watchersOf: (kind) => watchers.get(kind) ?? noNames,
    worldWatchers: [...worldPorts.keys()],
    wakesOf: (controller, kind, delivery) => ports.get(`${controller} ${kind}`)?.(delivery) ?? none,
    worldWakesOf: (controller, delivery) => worldPorts.get(controller)?.(delivery) ?? none,
  }
}
