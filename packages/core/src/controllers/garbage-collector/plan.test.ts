import { describe, expect, it } from 'vitest'
import type { ReplicaSet } from '../../api/generated/types.js'
import type { KubernetesObject } from '../../api/object.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aPod, aTemplate, ownedBy } from '../../testing/workload-builders.js'
import type { Kind } from '../../cluster/reader.js'
import { garbageCollectorController } from './controller.js'

const aSet = (name: string, metadata: Partial<ReplicaSet['metadata']> = {}): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: aMetadata('ReplicaSet', name, metadata),
  spec: { replicas: 1, selector: { matchLabels: { app: 'nginx' } }, template: aTemplate() },
  status: { replicas: 1 },
})
const going = (finalizer: string): Partial<ReplicaSet['metadata']> => ({ deletionTimestamp: timestampOf(0), finalizers: [finalizer] })

const clusterWith = (...objects: readonly KubernetesObject[]): FakeApi => {
  const api = new FakeApi()
  for (const object of objects) api.put(object)
  return api
}
const sync = (api: FakeApi, key: string): ReturnType<FakeApi['sync']> => api.sync(garbageCollectorController, key)

/** The keys that a change wakes, as the engine asks for them. */
const wakes = (
  api: FakeApi,
  notification:
    | { readonly type: 'ADDED' | 'DELETED'; readonly object: KubernetesObject }
    | { readonly type: 'MODIFIED'; readonly object: KubernetesObject; readonly old: KubernetesObject },
): readonly string[] => {
  const kind = notification.object.kind as Kind
  // Every kind has the same watch.
  const watch = garbageCollectorController.watches[kind] as (given: unknown, reader: typeof api.live) => readonly { readonly key: string }[]
  const old = notification.type === 'MODIFIED' ? notification.old : notification.type === 'DELETED' ? notification.object : undefined
  return watch({ ...notification, old }, api.live).map(({ key }) => key)
}

describe('an object whose owner is gone', () => {
  const owner = aSet('front')
  it('is deleted with the others of that owner', () => {
    const api = clusterWith(aPod('a', { owner }), aPod('b', { owner }), aPod('other'))
    expect(wakes(api, { type: 'DELETED', object: owner })).toEqual(['gone:default/ReplicaSet-front'])
    expect(sync(api, 'gone:default/ReplicaSet-front').writes).toEqual(['delete Pod a', 'delete Pod b'])
  })

  it('goes in a chosen order', () => {
    const api = clusterWith(aPod('a', { owner }), aPod('b', { owner }), aPod('c', { owner }))
    api.choose = (_address, options) => options - 1
    expect(sync(api, 'gone:default/ReplicaSet-front').writes).toEqual(['delete Pod c', 'delete Pod a', 'delete Pod b'])
  })

  it('stays when it has another owner, and loses the reference', () => {
    const other = aSet('other')
    const api = clusterWith(other, aPod('a', { metadata: { ownerReferences: [ownedBy(owner), ownedBy(other)] } }))
    expect(sync(api, 'gone:default/ReplicaSet-front').writes).toEqual(['patch Pod a'])
    expect(api.pod('a')?.metadata.ownerReferences).toEqual([ownedBy(other)])
  })

  it('is deleted when only a namesake of the owner is there', () => {
    const api = clusterWith(aSet('front', { uid: 'another' }), aPod('a', { owner }))
    expect(wakes(api, { type: 'ADDED', object: aPod('a', { owner }) })).toEqual(['Pod:default/a'])
    expect(sync(api, 'Pod:default/a').writes).toEqual(['delete Pod a'])
  })

  it('is left alone while its owner is there, or when it goes already', () => {
    const api = clusterWith(owner, aPod('a', { owner }), aPod('b', { owner: aSet('gone'), terminating: true }))
    expect(sync(api, 'Pod:default/a').writes).toEqual([])
    expect(sync(api, 'Pod:default/b').writes).toEqual([])
  })

  it('is of no concern while all owners are known', () => {
    const api = clusterWith(owner)
    expect(wakes(api, { type: 'ADDED', object: aPod('a', { owner }) })).toEqual([])
  })
})

describe('an owner that is deleted in the foreground', () => {
  const owner = aSet('front', going('foregroundDeletion'))
  it('takes its dependents along and waits for those that block it', () => {
    const api = clusterWith(owner, aPod('a', { owner }), aPod('b', { owner, terminating: true }))
    expect(wakes(api, { type: 'MODIFIED', object: owner, old: aSet('front') })).toEqual(['ReplicaSet:default/front'])
    expect(sync(api, 'ReplicaSet:default/front')).toMatchObject({
      writes: ['delete Pod a'],
      outcome: { waitingFor: [{ on: 'Pod default/a' }, { on: 'Pod default/b' }] },
    })
  })

  it('goes when nothing blocks it any more', () => {
    const api = clusterWith(owner, aPod('a', { metadata: { ownerReferences: [{ ...ownedBy(owner), blockOwnerDeletion: false }] } }))
    expect(wakes(api, { type: 'DELETED', object: aPod('b', { owner }) })).toEqual(['ReplicaSet:default/front'])
    // It is read live first.
    expect(sync(api, 'ReplicaSet:default/front')).toMatchObject({ writes: [], outcome: { requeueAfterMs: 4 } })
    expect(sync(api, 'ReplicaSet:default/front').writes).toEqual(['patch ReplicaSet front'])
    expect(api.live.get('ReplicaSet', 'default', 'front')).toBeUndefined()
  })

  it('deletes what has dependents of its own in the foreground too', () => {
    const middle = aSet('middle', { ownerReferences: [ownedBy(owner)] })
    const api = clusterWith(owner, middle, aPod('a', { owner: middle }))
    sync(api, 'ReplicaSet:default/front')
    expect(api.live.get('ReplicaSet', 'default', 'middle')?.metadata.finalizers).toEqual(['foregroundDeletion'])
  })
})

describe('an owner that leaves its dependents behind', () => {
  const owner = aSet('front', going('orphan'))
  it('loses their references and then goes', () => {
    const api = clusterWith(owner, aPod('a', { owner }), aPod('b', { owner }))
    expect(sync(api, 'ReplicaSet:default/front')).toMatchObject({
      writes: ['patch Pod a', 'patch Pod b'],
      outcome: { requeueAfterMs: expect.any(Number) },
    })
    expect(api.pod('a')?.metadata.ownerReferences).toBeUndefined()
    // Its controller has time to see that nothing is left.
    expect(sync(api, 'ReplicaSet:default/front').writes).toEqual(['patch ReplicaSet front'])
    expect(api.live.get('ReplicaSet', 'default', 'front')).toBeUndefined()
  })

  it('does not wait until the cache shows that the references are gone', () => {
    const api = clusterWith(owner, aPod('a', { owner }))
    api.freezeCache('Pod')
    expect(sync(api, 'ReplicaSet:default/front').writes).toEqual(['patch Pod a'])
    expect(sync(api, 'ReplicaSet:default/front').writes).toEqual(['patch ReplicaSet front'])
  })

  it('stays until all references are gone', () => {
    const api = clusterWith(owner, aPod('a', { owner }))
    api.refuse = (command) =>
      command.kind === 'PatchObject' && command.target.kind === 'Pod' ? { reason: 'InternalError', code: 500, message: 'no' } : undefined
    expect(sync(api, 'ReplicaSet:default/front')).toMatchObject({ writes: ['patch Pod a'], outcome: { error: { message: 'no' } } })
    expect(api.live.get('ReplicaSet', 'default', 'front')).toBeDefined()
  })
})
