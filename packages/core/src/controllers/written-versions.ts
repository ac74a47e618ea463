/**
 * Protection against stale reads: a controller remembers how far its own writes went, and does not sync a key again before its informers
 * show them. Without it, a sync may act on a view of the world from before its own last action.
 *
 * Follows pkg/controller/util/consistency of Kubernetes 1.36 (KEP-5647).
 * Differs from Kubernetes: the store there compares with the newest resourceVersion that an informer has seen of a kind; here the last
 * written object itself must be seen, and when the cache has no such object, a live read tells "not yet" from "not any more".
 */
import * as E from 'fp-ts/lib/Either.js'
import type { KubernetesObject } from '../api/object.js'
import type { Reader } from '../cluster/reader.js'
import { isJsonObject, type Json } from '../kernel/json.js'
import type { Steps } from './steps.js'

/** What has been written in this sync: by kind, the newest object only (an informer shows the objects of one kind in the order of their versions). */
export interface WrittenVersions {
  readonly note: (object: KubernetesObject) => void
  /** As `memory` of the key: null when there is nothing to wait for. */
  readonly toMemory: () => Json
}

export const noWrittenVersions = (): WrittenVersions => {
  let memory: { [kind: string]: Json } | null = null
  return {
    note: ({ kind, metadata: { name, uid, resourceVersion } }) => {
      memory ??= {}
      memory[kind] = { name, uid, resourceVersion }
    },
    toMemory: () => memory,
  }
}

export interface UnseenWrite {
  readonly kind: string
  readonly name: string
  readonly resourceVersion: string
}

const isAtLeast = (seen: string, written: string): boolean => Number(seen) >= Number(written)

/** The first kind whose last write the informers do not show yet. */
export function* findUnseenWrite(memory: Json | undefined, namespace: string, reader: Reader): Steps<UnseenWrite | undefined> {
  if (!isJsonObject(memory)) return undefined
  for (const kind of Object.keys(memory).sort((left, right) => (left < right ? -1 : 1))) {
    const written = memory[kind]
    if (!isJsonObject(written)) continue
    const { name, uid, resourceVersion } = written
    if (typeof name !== 'string' || typeof uid !== 'string' || typeof resourceVersion !== 'string') continue
    const seen = reader.getAny(kind, namespace, name)
    if (seen !== undefined) {
      if (isAtLeast(seen.metadata.resourceVersion, resourceVersion)) continue
      return { kind, name, resourceVersion }
    }
    const live = yield { kind: 'GetObject', target: { kind, namespace, name } }
    if (E.isRight(live) && live.right.metadata.uid === uid) return { kind, name, resourceVersion }
  }
  return undefined
}
