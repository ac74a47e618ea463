import { describe, expect, it } from 'vitest'
import type { Endpoints, EndpointSlice } from '../../api/generated/types.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aMetadata, aService } from '../../testing/workload-builders.js'
import { endpointSliceMirroringController } from './controller.js'

const byHand = (ip: string, labels: { readonly [label: string]: string } = {}): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: aMetadata('Endpoints', 'nginx', { labels }),
  subsets: [{ addresses: [{ ip }], ports: [{ port: 5_432, protocol: 'TCP' }] }],
})

const cluster = (endpoints: Endpoints, selector?: { readonly [label: string]: string }): FakeApi => {
  const api = new FakeApi()
  const { selector: _selector, ...spec } = aService('nginx').spec
  api.put({ ...aService('nginx'), spec: { ...spec, ...(selector === undefined ? undefined : { selector }) } })
  api.put(endpoints)
  return api
}
const sync = (api: FakeApi): ReturnType<FakeApi['sync']> => api.sync(endpointSliceMirroringController, 'default/nginx')
const slicesOf = (api: FakeApi): readonly EndpointSlice[] => api.live.list('EndpointSlice', 'default')

describe('Endpoints kept by hand', () => {
  it('are mirrored', () => {
    const api = cluster(byHand('192.0.2.50'))
    sync(api)
    expect(slicesOf(api)).toMatchObject([
      {
        metadata: {
          labels: {
            'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
            'kubernetes.io/service-name': 'nginx',
          },
          ownerReferences: [{ kind: 'Endpoints', name: 'nginx' }],
        },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['192.0.2.50'], conditions: { ready: true } }],
        ports: [{ name: '', port: 5_432, protocol: 'TCP' }],
      },
    ])
    expect(sync(api).writes).toEqual([])
  })

  it('take their slice with them when they change', () => {
    const api = cluster(byHand('192.0.2.50'))
    sync(api)
    api.put(byHand('192.0.2.51'))
    sync(api)
    expect(slicesOf(api).map(({ endpoints }) => endpoints?.[0]?.addresses)).toEqual([['192.0.2.51']])
  })

  const unmirrored: readonly (readonly [string, FakeApi])[] = [
    ['of a Service with a selector', cluster(byHand('192.0.2.50'), { app: 'nginx' })],
    ['that ask for it', cluster(byHand('192.0.2.50', { 'endpointslice.kubernetes.io/skip-mirror': 'true' }))],
  ]
  it.each(unmirrored)('are left alone: %s', (_why, api) => {
    sync(api)
    expect(slicesOf(api)).toEqual([])
  })
})
