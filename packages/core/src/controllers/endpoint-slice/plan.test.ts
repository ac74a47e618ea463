import { describe, expect, it } from 'vitest'
import type { EndpointSlice, Service } from '../../api/generated/types.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aNode, aPod, aService, type PodShape } from '../../testing/workload-builders.js'
import { endpointSliceController } from './controller.js'

const clusterWith = (spec: Partial<Service['spec']>, pods: { readonly [name: string]: PodShape }): FakeApi => {
  const api = new FakeApi()
  api.put(aService('nginx', { ipFamilies: ['IPv4'], ...spec }))
  api.put(aNode('node-1', {}, { labels: { 'topology.kubernetes.io/zone': 'a' } }))
  for (const [name, shape] of Object.entries(pods)) api.put(aPod(name, shape))
  return api
}

const sync = (api: FakeApi): readonly string[] => api.sync(endpointSliceController, 'default/nginx').writes
const slices = (api: FakeApi): readonly EndpointSlice[] => api.live.list('EndpointSlice', 'default')

describe('the conditions of an endpoint', () => {
  const rows: readonly (readonly [string, PodShape, boolean, readonly [boolean, boolean, boolean] | undefined])[] = [
    // Pod, its shape, publishNotReadyAddresses → ready, serving, terminating
    ['a ready Pod', {}, false, [true, true, false]],
    ['a Pod that is not ready', { ready: false }, false, [false, false, false]],
    ['a terminating Pod that still serves', { terminating: true }, false, [false, true, true]],
    ['a Pod that is not ready but published', { ready: false }, true, [true, false, false]],
    ['a Pod that has ended', { phase: 'Failed' }, false, undefined],
  ]
  it.each(rows)('of %s', (_pod, shape, publishNotReadyAddresses, expected) => {
    const api = clusterWith({ publishNotReadyAddresses }, { a: { ip: '10.0.0.1', ...shape } })
    sync(api)
    const { ready, serving, terminating } = slices(api)[0]?.endpoints?.[0]?.conditions ?? {}
    expect([ready, serving, terminating]).toEqual(expected ?? [undefined, undefined, undefined])
  })
})

describe('the slices of a Service', () => {
  it('begin with a placeholder that a first endpoint fills', () => {
    const api = clusterWith({ clusterIP: 'None' }, {})
    expect(sync(api)).toEqual(['create EndpointSlice nginx-'])
    expect(slices(api)[0]).toMatchObject({ endpoints: null, ports: null, addressType: 'IPv4', metadata: { generateName: 'nginx-' } })
    expect(slices(api)[0]?.metadata.labels).toEqual({
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'kubernetes.io/service-name': 'nginx',
      'service.kubernetes.io/headless': '',
    })
    expect(sync(api)).toEqual([])
    api.put(aPod('web-0', { ip: '10.0.0.1', spec: { hostname: 'web-0', subdomain: 'nginx' } }))
    expect(sync(api)).toEqual(['replace EndpointSlice nginx-0'])
    expect(slices(api)[0]).toMatchObject({
      endpoints: [{ addresses: ['10.0.0.1'], hostname: 'web-0', nodeName: 'node-1', zone: 'a', targetRef: { kind: 'Pod', name: 'web-0' } }],
      ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
    })
  })

  it('become a placeholder again when the last Pod goes', () => {
    const api = clusterWith({}, { a: { ip: '10.0.0.1' } })
    sync(api)
    api.remove('Pod', 'a')
    expect(sync(api)).toEqual(['replace EndpointSlice nginx-0'])
    expect(slices(api)[0]).toMatchObject({ endpoints: null, ports: null })
  })

  it('keep the order in which endpoints came', () => {
    const api = clusterWith({}, { b: { ip: '10.0.0.2' } })
    sync(api)
    api.put(aPod('a', { ip: '10.0.0.1' }))
    sync(api)
    expect(slices(api)[0]?.endpoints?.map(({ addresses }) => addresses[0])).toEqual(['10.0.0.2', '10.0.0.1'])
  })

  it('hold a hundred endpoints each', () => {
    const pods = Object.fromEntries(Array.from({ length: 250 }, (_, index) => [`p${index}`, { ip: `10.0.0.${index}` }]))
    const api = clusterWith({}, pods)
    sync(api)
    expect(slices(api).map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 50])
    api.put(aPod('one-more', { ip: '10.0.1.1' }))
    expect(sync(api)).toEqual(['replace EndpointSlice nginx-2'])
    expect(slices(api).map(({ endpoints }) => endpoints?.length)).toEqual([100, 100, 51])
  })

  it('are one for each set of ports', () => {
    const other = { containers: [{ name: 'nginx', ports: [{ name: 'web', containerPort: 81, protocol: 'TCP' as const }] }] }
    const api = clusterWith(
      { ports: [{ port: 80, targetPort: 'web', protocol: 'TCP' }] },
      { a: { ip: '10.0.0.1' }, b: { ip: '10.0.0.2', spec: other } },
    )
    sync(api)
    expect(slices(api).map(({ ports }) => ports)).toEqual([
      [{ name: '', port: 80, protocol: 'TCP' }],
      [{ name: '', port: 81, protocol: 'TCP' }],
    ])
  })

  it('wait for the node of a Pod that nobody knows', () => {
    const api = clusterWith({}, { a: { ip: '10.0.0.1', node: 'node-9' } })
    const { outcome } = api.sync(endpointSliceController, 'default/nginx')
    expect(outcome.error?.message).toBe('skipping Pod a for Service default/nginx: Node node-9 Not Found')
    expect(slices(api).map(({ endpoints }) => endpoints)).toEqual([null])
  })

  it('are left to the garbage collector when the Service is gone', () => {
    const api = clusterWith({}, { a: { ip: '10.0.0.1' } })
    sync(api)
    api.remove('Service', 'nginx')
    expect(sync(api)).toEqual([])
  })
})
