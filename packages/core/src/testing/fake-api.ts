/**
 * A small API server for tests of controllers: a store, the commands that controllers send, and no rules beyond names, versions and uids.
 * What a cache shows is the store, or the store as it was when `freezeCache` was called.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Kinds, Pod } from '../api/generated/types.js'
import { alreadyExists, conflict, modifiedMessage, notFound, type ApiStatus } from '../api/api-status.js'
import { keyOf, type KubernetesObject, type ObjectRef } from '../api/object.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import { makeReader } from '../cluster/make-reader.js'
import type { Kind, Reader } from '../cluster/reader.js'
import { emptyStore, findObject, withObject, type ObjectStore } from '../cluster/store.js'
import type { World } from '../cluster/world.js'
import type { Controller, PlanOutcome } from '../controllers/controller.js'
import { canonicalJson } from '../kernel/canonical-json.js'
import type { Choose } from '../kernel/choose.js'
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.js'
import { timestampOf, type SimTime } from '../kernel/sim-time.js'

const resources: { readonly [kind: string]: string } = {
  ControllerRevision: 'controllerrevisions.apps',
  PersistentVolumeClaim: 'persistentvolumeclaims',
  Pod: 'pods',
  ReplicaSet: 'replicasets.apps',
  Deployment: 'deployments.apps',
  StatefulSet: 'statefulsets.apps',
}
const resourceOf = (kind: string): string => resources[kind] ?? `${kind.toLowerCase()}s`

const bornWith: { readonly [kind: string]: Json } = {
  Pod: { phase: 'Pending' },
  PersistentVolumeClaim: { phase: 'Pending' },
  ReplicaSet: { replicas: 0 },
  StatefulSet: { replicas: 0, availableReplicas: 0 },
}

/** One sync as a test sees it: what was sent, in few words, and how it ended. */
export interface ObservedSync {
  /** `CreateObject Pod web-0`, `ReplaceObject/status StatefulSet web`; reads and Events are left out. */
  readonly writes: readonly string[]
  /** `Normal SuccessfulCreate Create Pod web-0 in StatefulSet web successful` */
  readonly events: readonly string[]
  readonly outcome: PlanOutcome
}

export class FakeApi {
  now: SimTime = 0
  choose: Choose = () => 0
  /** Refuses a command before it is looked at. */
  refuse: (command: ClusterCommand) => ApiStatus | undefined = () => undefined
  #stores: { readonly [kind: string]: ObjectStore } = {}
  #cache: { readonly [kind: string]: ObjectStore } | undefined
  #version = 100
  #made = 0
  readonly #memories = new Map<string, Json>()
  readonly #failures = new Map<string, number>()

  /** The store as it is. */
  readonly live: Reader = makeReader((kind) => this.#stores[kind])
  /** What the controller's informers show. */
  readonly cached: Reader = makeReader((kind) => (this.#cache ?? this.#stores)[kind])

  /** From now on the controller sees the given kinds (all, if none is given) as they are now, whatever happens. */
  freezeCache(...kinds: readonly string[]): void {
    const frozen = this.#stores
    const isFrozen = (kind: string): boolean => kinds.length === 0 || kinds.includes(kind)
    const stores = (): { readonly [kind: string]: ObjectStore } => this.#stores
    this.#cache = new Proxy(frozen, {
      get: (_target, kind) => (typeof kind === 'string' ? (isFrozen(kind) ? frozen : stores())[kind] : undefined),
    })
  }

  thawCache(): void {
    this.#cache = undefined
  }

  /** Stores an object as it is, with a new version (and a uid, if it has none). */
  put<T extends KubernetesObject>(object: T): T {
    this.#version += 1
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } }
    this.#set(stored.kind, keyOf(stored.metadata.namespace ?? '', stored.metadata.name), stored)
    return stored
  }

  /** Changes a stored object, as a kubelet or a user would. */
  change<K extends Kind>(kind: K, name: string, change: (object: Kinds[K]) => Kinds[K], namespace = 'default'): void {
    const object = this.live.get(kind, namespace, name)
    if (object === undefined) throw new Error(`no ${kind} ${namespace}/${name} to change`)
    this.put(change(object))
  }

  remove(kind: Kind, name: string, namespace = 'default'): void {
    this.#set(kind, keyOf(namespace, name), undefined)
  }

  pod(name: string): Pod | undefined {
    return this.live.get('Pod', 'default', name)
  }

  podNames(): readonly string[] {
    return this.live.list('Pod').map(({ metadata }) => metadata.name)
  }

  /** Runs the plan of one key to its end, as the engine does. */
  sync(controller: Controller, key: string): ObservedSync {
    const plan = controller.plan({
      key,
      now: this.now,
      reader: this.cached,
      // These controllers know nothing of machines.
      world: {} as World,
      choose: this.choose,
      memory: this.#memories.get(key),
      failures: this.#failures.get(key) ?? 0,
    })
    const writes: string[] = []
    const events: string[] = []
    let step = plan.next()
    while (step.done !== true) {
      const command = step.value
      if (command.kind === 'RecordEvent') events.push(`${command.type} ${command.reason} ${command.message}`)
      else if (command.kind !== 'GetObject') writes.push(wordsFor(command))
      step = plan.next(this.answer(command))
    }
    const outcome = step.value
    if (outcome.memory !== undefined) {
      if (outcome.memory === null) this.#memories.delete(key)
      else this.#memories.set(key, outcome.memory)
    }
    this.#failures.set(key, outcome.error === undefined ? 0 : (this.#failures.get(key) ?? 0) + 1)
    return { writes, events, outcome }
  }

  memoryOf(key: string): Json | undefined {
    return this.#memories.get(key)
  }

  answer(command: ClusterCommand): ApiResult {
    const refusal = this.refuse(command)
    if (refusal !== undefined) return E.left(refusal)
    switch (command.kind) {
      case 'GetObject':
        return this.#found(command.target)
      case 'CreateObject': {
        const { kind, metadata } = command.object
        const name = metadata?.name ?? `${metadata?.generateName ?? ''}${String(this.#made)}`
        const namespace = metadata?.namespace ?? ''
        if (this.live.getAny(kind, namespace, name) !== undefined) return E.left(alreadyExists(resourceOf(kind), name))
        this.#made += 1
        const status = bornWith[kind]
        const object = {
          ...command.object,
          metadata: {
            ...metadata,
            name,
            uid: `${kind}-uid-${String(this.#made)}`,
            resourceVersion: '',
            creationTimestamp: timestampOf(this.now),
          },
        }
        return E.right(this.put(status === undefined ? object : { ...object, status }))
      }
      case 'ReplaceObject': {
        const { kind, metadata } = command.object
        const found = this.#found({ kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? '' })
        if (E.isLeft(found)) return found
        const { uid, resourceVersion } = found.right.metadata
        if (metadata?.uid !== undefined && metadata.uid !== uid)
          return E.left(conflict(resourceOf(kind), metadata.name ?? '', 'Precondition failed: UID in precondition'))
        if (metadata?.resourceVersion !== undefined && metadata.resourceVersion !== resourceVersion)
          return E.left(conflict(resourceOf(kind), metadata.name ?? '', modifiedMessage))
        // A test's own objects are well formed; a PUT of one is stored as it is.
        const sent = command.object as KubernetesObject
        const next = {
          ...(command.subresource === 'status' ? { ...found.right, ...statusOf(sent) } : sent),
          metadata: { ...sent.metadata, resourceVersion },
        }
        return E.right(canonicalJson(next) === canonicalJson(found.right) ? found.right : this.put(next))
      }
      case 'PatchObject':
        return this.#patchOwners(command.target, command.patch)
      case 'DeleteObject': {
        const found = this.#found(command.target)
        if (E.isLeft(found)) return found
        const object = found.right
        const { uid } = command.options.preconditions ?? {}
        if (uid !== undefined && uid !== object.metadata.uid)
          return E.left(conflict(resourceOf(object.kind), object.metadata.name, 'the uid differs'))
        const { propagationPolicy } = command.options
        if (object.kind !== 'Pod' && propagationPolicy !== undefined && propagationPolicy !== 'Background') {
          const finalizers = [propagationPolicy === 'Foreground' ? 'foregroundDeletion' : 'orphan']
          return E.right(this.put({ ...object, metadata: { ...object.metadata, deletionTimestamp: timestampOf(this.now), finalizers } }))
        }
        if (object.kind !== 'Pod') {
          this.remove(object.kind as Kind, object.metadata.name, object.metadata.namespace)
          return found
        }
        if (object.metadata.deletionTimestamp !== undefined) return found
        return E.right(
          this.put({
            ...object,
            metadata: { ...object.metadata, deletionTimestamp: timestampOf(this.now + 30_000), deletionGracePeriodSeconds: 30 },
          }),
        )
      }
      case 'RecordEvent':
        return E.right({
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'event', uid: '', resourceVersion: '', creationTimestamp: '' },
        })
      default:
        throw new Error(`the fake API does not know ${command.kind}`)
    }
  }

  #set(kind: string, key: string, object: KubernetesObject | undefined): void {
    const store = this.#stores[kind] ?? emptyStore
    this.#stores = { ...this.#stores, [kind]: withObject(store, key, object, findObject(store, key)) }
  }

  #found({ kind, namespace, name }: ObjectRef): ApiResult {
    const object = this.live.getAny(kind, namespace, name)
    return object === undefined ? E.left(notFound(resourceOf(kind), name)) : E.right(object)
  }

  /** Only the patches that controllers send: ownerReferences are merged by uid, finalizers are taken away or replaced. */
  #patchOwners(target: ObjectRef, patch: Json): ApiResult {
    const found = this.#found(target)
    if (E.isLeft(found)) return found
    const metadata = isJsonObject(patch) ? patch['metadata'] : undefined
    if (!isJsonObject(metadata)) throw new Error('the fake API patches metadata only')
    const { uid } = found.right.metadata
    if (metadata['uid'] !== undefined && metadata['uid'] !== uid)
      return E.left(conflict(resourceOf(target.kind), target.name, 'the uid differs'))
    const items = metadata['ownerReferences']
    const references = Array.isArray(items) ? (items as readonly JsonObject[]) : []
    const kept = (found.right.metadata.ownerReferences ?? []).filter(
      (reference) => !references.some((item) => item['uid'] === reference.uid),
    )
    const added = references.filter((item) => item['$patch'] !== 'delete')
    const { ownerReferences: _former, finalizers: held = [], ...rest } = found.right.metadata
    const ownerReferences = [...kept, ...(added as unknown as typeof kept)]
    const finalizers = finalizersAfter(held, metadata)
    const next = {
      ...found.right,
      metadata: {
        ...rest,
        ...(ownerReferences.length === 0 ? undefined : { ownerReferences }),
        ...(finalizers.length === 0 ? undefined : { finalizers }),
      },
    }
    // The write that takes the last finalizer away removes the object.
    if (held.length > 0 && finalizers.length === 0 && rest.deletionTimestamp !== undefined && target.kind !== 'Pod') {
      this.#set(target.kind, keyOf(target.namespace, target.name), undefined)
      return E.right(next)
    }
    return E.right(this.put(next))
  }
}

const finalizersAfter = (held: readonly string[], patch: JsonObject): readonly string[] => {
  const removed = patch['$deleteFromPrimitiveList/finalizers']
  const replaced = patch['finalizers']
  const kept = Array.isArray(replaced) ? (replaced as readonly string[]) : held
  return Array.isArray(removed) ? kept.filter((finalizer) => !(removed as readonly string[]).includes(finalizer)) : kept
}

const statusOf = (object: KubernetesObject): object => ('status' in object ? { status: object.status } : {})

const wordsFor = (command: ClusterCommand): string => {
  switch (command.kind) {
    case 'CreateObject':
      return `create ${command.object.kind} ${command.object.metadata?.name ?? command.object.metadata?.generateName ?? ''}`
    case 'ReplaceObject':
      return `${command.subresource === undefined ? 'replace' : `write ${command.subresource} of`} ${command.object.kind} ${command.object.metadata?.name ?? ''}`
    case 'PatchObject':
      return `patch ${command.target.kind} ${command.target.name}`
    case 'DeleteObject':
      return `delete ${command.target.kind} ${command.target.name}`
    default:
      return command.kind
  }
}
