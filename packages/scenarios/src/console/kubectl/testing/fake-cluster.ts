/** A cluster that is only a store: what tests give it, with writes as the API's patches make them, without defaults, validation or controllers. */
import * as E from 'fp-ts/lib/Either.js'
import {
  resourceOfKind,
  timestampOf,
  type ApiCommand,
  type ApiResult,
  type ApiStatus,
  type JsonObject,
  type KubernetesObject,
  type Reader,
  type SimTime,
} from '@statefold/core'
import type { ConsoleWait, ExecResult, KubectlCluster } from '../kubectl-cluster.js'
import { kubectl } from '../kubectl.js'
import { jsonOf, listAt, textAt } from '../json-object.js'
import { applyTestPatch } from './apply-test-patch.js'

export interface FakeClusterOptions {
  readonly objects: readonly KubernetesObject[]
  readonly now?: SimTime
  readonly files?: Readonly<Record<string, string>>
  /** Answers in place of the store: a refusal ends the request. */
  readonly refuse?: (command: ApiCommand) => ApiStatus | undefined
  /** What happens while time passes: called at every wait, with the objects as they are. */
  readonly onWait?: (store: FakeStore) => void
  readonly logs?: Readonly<Record<string, readonly string[]>>
  readonly exec?: (command: readonly string[]) => ExecResult
}

export interface FakeStore {
  readonly all: () => readonly KubernetesObject[]
  readonly put: (object: KubernetesObject) => void
  readonly remove: (kind: string, name: string) => void
  readonly pass: (milliseconds: number) => void
}

export interface Ran {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  readonly requests: readonly ApiCommand[]
}

const keyOf = (object: {
  readonly kind: string
  readonly metadata: { readonly namespace?: string | undefined; readonly name: string }
}): string => `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`

const readerOver = (objects: () => readonly KubernetesObject[]): Reader => {
  const listAny = (kind: string, namespace?: string): readonly KubernetesObject[] =>
    objects()
      .filter((object) => object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const getAny = (kind: string, namespace: string, name: string): KubernetesObject | undefined =>
    objects().find((object) => object.kind === kind && object.metadata.name === name && (object.metadata.namespace ?? '') === namespace)
  const reader = {
    get: getAny,
    list: listAny,
    listAny,
    getAny,
    ownedBy: (kind: string, uid: string) =>
      listAny(kind).filter((object) => object.metadata.ownerReferences?.some((owner) => owner.uid === uid) === true),
    podsOnNode: (node: string) => listAny('Pod').filter((pod) => textAt(jsonOf(pod), 'spec', 'nodeName') === node),
    podsWithClaim: (namespace: string, claim: string) =>
      listAny('Pod', namespace).filter((pod) =>
        listAt(jsonOf(pod), 'spec', 'volumes').some((volume) => textAt(volume, 'persistentVolumeClaim', 'claimName') === claim),
      ),
  }
  // A reader by kind names; the fake's objects are what the tests say they are.
  return reader as unknown as Reader
}

/** Runs one line to its end; waits move the clock. */
export const runLine = (words: readonly string[], options: FakeClusterOptions, stdin = ''): Ran => {
  let clock: SimTime = options.now ?? 0
  let version = 1_000
  const objects = new Map(options.objects.map((object) => [keyOf(object), object]))
  const requests: ApiCommand[] = []
  const store: FakeStore = {
    all: () => [...objects.values()],
    put: (object) => {
      version += 1
      objects.set(keyOf(object), { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } })
    },
    remove: (kind, name) => {
      for (const [key, object] of objects) if (object.kind === kind && object.metadata.name === name) objects.delete(key)
    },
    pass: (milliseconds) => {
      clock += milliseconds
    },
  }
  const notFound = (kind: string, name: string): ApiStatus => {
    const type = resourceOfKind(kind)
    const resource = type === undefined ? kind : type.group === '' ? type.plural : `${type.plural}.${type.group}`
    return { reason: 'NotFound', code: 404, message: `${resource} ${JSON.stringify(name)} not found` }
  }
  const stored = (object: JsonObject): KubernetesObject => {
    version += 1
    const metadata = jsonOf({
      uid: `uid-${version}`,
      creationTimestamp: timestampOf(clock),
      ...(jsonOf(object)['metadata'] as object),
      resourceVersion: String(version),
    })
    return { ...object, metadata } as unknown as KubernetesObject
  }
  const request = (command: ApiCommand): ApiResult => {
    requests.push(command)
    const refusal = options.refuse?.(command)
    if (refusal !== undefined) return E.left(refusal)
    switch (command.kind) {
      case 'GetObject': {
        const found = objects.get(
          keyOf({ kind: command.target.kind, metadata: { namespace: command.target.namespace, name: command.target.name } }),
        )
        return found === undefined ? E.left(notFound(command.target.kind, command.target.name)) : E.right(found)
      }
      case 'CreateObject':
      case 'ReplaceObject': {
        const object = stored(jsonOf(command.object))
        if (command.dryRun !== true) objects.set(keyOf(object), object)
        return E.right(object)
      }
      case 'PatchObject': {
        const key = keyOf({ kind: command.target.kind, metadata: { namespace: command.target.namespace, name: command.target.name } })
        const found = objects.get(key)
        if (found === undefined) return E.left(notFound(command.target.kind, command.target.name))
        const patched = applyTestPatch(command.patchType, jsonOf(found), command.patch)
        if (E.isLeft(patched)) return patched
        if (JSON.stringify(patched.right) === JSON.stringify(found)) return E.right(found)
        const object = stored(patched.right)
        if (command.dryRun !== true) objects.set(key, object)
        return E.right(object)
      }
      case 'DeleteObject':
      case 'EvictPod': {
        const target = command.kind === 'EvictPod' ? { kind: 'Pod', namespace: command.namespace, name: command.name } : command.target
        const key = keyOf({ kind: target.kind, metadata: { namespace: target.namespace, name: target.name } })
        const found = objects.get(key)
        if (found === undefined) return E.left(notFound(target.kind, target.name))
        if (command.kind === 'EvictPod' || command.dryRun !== true) objects.delete(key)
        return E.right(found)
      }
      case 'BindPod':
      case 'RecordEvent':
        return E.left({ reason: 'BadRequest', code: 400, message: 'not for kubectl' })
    }
  }
  const cluster: KubectlCluster = {
    now: () => clock,
    request,
    reader: () => readerOver(store.all),
    logsOf: (_namespace, pod, container) =>
      (options.logs?.[`${pod}/${container}`] ?? []).map((text, index) => ({ at: index * 1_000, text })),
    // oxlint-disable-next-line require-yield
    exec: function* ({ command }): Generator<ConsoleWait, ExecResult, void> {
      return options.exec?.(command) ?? { exit: 0, stdout: '', stderr: '' }
    },
    readFile: (path) => options.files?.[path],
    listFiles: (path) => {
      const prefix = path === '.' ? '' : `${path.replace(/\/$/, '')}/`
      const names = Object.keys(options.files ?? {}).filter((name) => name.startsWith(prefix) && prefix !== '')
      return names.length === 0
        ? undefined
        : [...new Set(names.map((name) => name.slice(prefix.length).split('/')[0] ?? ''))].sort((a, b) => (a < b ? -1 : 1))
    },
    serverVersion: 'v1.36.3',
  }
  const texts = { stdout: '', stderr: '' }
  const running = kubectl(words, stdin, cluster, {
    stdout: (text) => {
      texts.stdout += text
    },
    stderr: (text) => {
      texts.stderr += text
    },
  })
  let waits = 0
  for (;;) {
    const step = running.next()
    if (step.done === true) return { exit: step.value, ...texts, requests }
    waits += 1
    if (waits > 10_000) return { exit: -1, ...texts, requests }
    if (step.value.kind === 'sleep') clock += step.value.ms
    else if (step.value.kind === 'wait-for-change') clock = Math.max(clock, Math.min(step.value.atMost ?? clock + 1_000, clock + 1_000))
    options.onWait?.(store)
  }
}
