/** Which informers have a cache of their own, by kind and by controller: worked out once for a set of informers, which changes seldom. */
import { rememberedText } from '../kernel/remembered-text.js'
import { keysOf, type PersistentMap } from '../kernel/persistent-map.js'
import type { LaggingInformer } from './pending-work.js'

export interface LateInformer {
  /** `statefulset-controller Pod` */
  readonly name: string
  readonly controller: string
  readonly kind: string
}

export interface LateInformers {
  /** Ordered by name, as the others. */
  readonly ofKind: (kind: string) => readonly LateInformer[]
  readonly ofController: (controller: string) => readonly LateInformer[]
}

const split = rememberedText<LateInformer>((name) => {
  const end = name.lastIndexOf(' ')
  return { name, controller: name.slice(0, end), kind: name.slice(end + 1) }
})

const nobody: readonly LateInformer[] = []

/** The kind that it watches. */
export const kindOfInformer = (name: string): string => split(name).kind

const grouped = (informers: readonly LateInformer[], of: (informer: LateInformer) => string): LateInformers['ofKind'] => {
  const groups = new Map<string, LateInformer[]>()
  for (const informer of informers) {
    const others = groups.get(of(informer))
    if (others === undefined) groups.set(of(informer), [informer])
    else others.push(informer)
  }
  return (name) => groups.get(name) ?? nobody
}

let lastSet: PersistentMap<LaggingInformer>['keySet'] | undefined
let lastAnswer: LateInformers = { ofKind: () => nobody, ofController: () => nobody }

/** (The last answer is kept: it is asked for with every change while somebody lags.) */
export const lateInformersOf = (informers: PersistentMap<LaggingInformer>): LateInformers => {
  if (informers.keySet !== lastSet) {
    const all = keysOf(informers).map(split)
    lastAnswer = { ofKind: grouped(all, ({ kind }) => kind), ofController: grouped(all, ({ controller }) => controller) }
    lastSet = informers.keySet
  }
  return lastAnswer
}
