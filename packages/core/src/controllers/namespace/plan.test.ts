import { describe, expect, it } from 'vitest'
import type { Namespace } from '../../api/generated/types.js'
import { timestampOf } from '../../kernel/sim-time.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aPod, aService } from '../../testing/workload-builders.js'
import { namespaceController } from './controller.js'

const aNamespace = (deleted: boolean): Namespace => {
  const { namespace: _namespace, ...metadata } = aMetadata('Namespace', 'default', deleted ? { deletionTimestamp: timestampOf(0) } : {})
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata,
    spec: { finalizers: ['kubernetes'] },
    status: { phase: deleted ? 'Terminating' : 'Active' },
  }
}
const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(namespaceController, 'default')
const conditionsOf = (api: FakeApi): readonly string[] =>
  (api.live.get('Namespace', '', 'default')?.status.conditions ?? []).map(({ type, status, message }) => `${type} ${status} ${message}`)

describe('a namespace', () => {
  it('that is not being deleted is left alone', () => {
    const api = new FakeApi()
    api.put(aNamespace(false))
    expect(sync(api).writes).toEqual([])
  })

  it('is emptied, Pods first, and let go when nothing is left', () => {
    const api = new FakeApi()
    api.put(aNamespace(true))
    api.put(aPod('web-0'))
    api.put(aService('nginx'))
    expect(sync(api)).toMatchObject({
      writes: ['delete Pod web-0', 'write status of Namespace default'],
      outcome: { requeueAfterMs: 16_000 },
    })
    expect(conditionsOf(api)).toEqual([
      'NamespaceDeletionDiscoveryFailure False All resources successfully discovered',
      'NamespaceDeletionGroupVersionParsingFailure False All legacy kube types successfully parsed',
      'NamespaceDeletionContentFailure False All content successfully deleted, may be waiting on finalization',
      'NamespaceContentRemaining True Some resources are remaining: pods. has 1 resource instances',
      'NamespaceFinalizersRemaining False All content-preserving finalizers finished',
    ])
    api.remove('Pod', 'web-0')
    expect(sync(api).writes).toEqual(['delete Service nginx', 'write status of Namespace default', 'replace Namespace default'])
    expect(api.live.get('Namespace', '', 'default')?.spec).toEqual({ finalizers: [] })
  })

  it('waits some seconds before it begins', () => {
    const notification = { type: 'MODIFIED', object: aNamespace(true), old: aNamespace(false) } as const
    expect(namespaceController.watches.Namespace?.(notification, new FakeApi().live)).toEqual([{ key: 'default', afterMs: 5_000 }])
  })
})
