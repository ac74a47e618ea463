import { describe, expect, it } from 'vitest'
import { FakeApi } from '../../testing/fake-api.js'
import { aNode, aPod } from '../../testing/workload-builders.js'
import { podGarbageCollectorController } from './controller.js'

const sync = (api: FakeApi, key: string): ReturnType<FakeApi['sync']> => api.sync(podGarbageCollectorController, key)

describe('Pods of a node that is gone', () => {
  const orphaned = (): FakeApi => {
    const api = new FakeApi()
    api.now = 7_000
    api.put(aPod('web-0', { node: 'node-9' }))
    return api
  }

  it('are failed and removed at the tick after 40 s of quarantine', () => {
    const api = orphaned()
    expect(sync(api, 'node:node-9').outcome.requeueAfterMs).toBe(53_000)
    api.now = 30_000
    expect(sync(api, 'node:node-9').outcome.requeueAfterMs).toBe(30_000)
    api.now = 60_000
    expect(sync(api, 'node:node-9').writes).toEqual(['patch Pod web-0', 'delete Pod web-0'])
  })

  it('stay when the node comes back', () => {
    const api = orphaned()
    sync(api, 'node:node-9')
    api.put(aNode('node-9'))
    api.now = 60_000
    expect(sync(api, 'node:node-9')).toMatchObject({ writes: [], outcome: { memory: null } })
  })

  it('stay when only the cache lost the node', () => {
    const api = orphaned()
    sync(api, 'node:node-9')
    api.freezeCache('Node')
    api.put(aNode('node-9'))
    api.now = 60_000
    expect(sync(api, 'node:node-9').writes).toEqual([])
  })
})

describe('a Pod that is being deleted', () => {
  it('without a node is removed at the next tick', () => {
    const api = new FakeApi()
    api.now = 1_000
    api.put(aPod('web-0', { node: '', terminating: true }))
    expect(sync(api, 'pod:default/web-0').outcome.requeueAfterMs).toBe(19_000)
    api.now = 20_000
    expect(sync(api, 'pod:default/web-0').writes).toEqual(['patch Pod web-0', 'delete Pod web-0'])
  })

  it('on a node that is out of service is removed; on another it is not', () => {
    const api = new FakeApi()
    const taints = [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' as const }]
    api.put({ ...aNode('node-1', { taints }), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } })
    api.put(aNode('node-2'))
    api.put(aPod('web-0', { terminating: true }))
    api.put(aPod('web-1', { node: 'node-2', terminating: true }))
    expect(sync(api, 'pod:default/web-0').writes).toEqual(['patch Pod web-0', 'delete Pod web-0'])
    expect(sync(api, 'pod:default/web-1').writes).toEqual([])
  })
})

describe('what wakes the collector', () => {
  const { live } = new FakeApi()
  it.each([
    ['a Pod on a node that nobody knows', aPod('a', { node: 'node-9' }), ['node:node-9']],
    ['a Pod that was deleted before it had a node', aPod('a', { node: '', terminating: true }), ['pod:default/a']],
    ['a Pod that has ended', aPod('a', { node: '', phase: 'Succeeded' }), ['terminated']],
    ['any other Pod', aPod('a', { node: '' }), []],
  ])('%s', (_what, object, keys) => {
    expect(podGarbageCollectorController.watches.Pod?.({ type: 'ADDED', object, old: undefined }, live).map(({ key }) => key)).toEqual(keys)
  })
})
