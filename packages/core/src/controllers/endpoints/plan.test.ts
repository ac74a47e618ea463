import { describe, expect, it } from 'vitest'
import type { Service } from '../../api/generated/types.js'
import { FakeApi } from '../../testing/fake-api.js'
import { aPod, aService, type PodShape } from '../../testing/workload-builders.js'
import { endpointsController } from './controller.js'

const clusterWith = (service: Service, pods: { readonly [name: string]: PodShape }): FakeApi => {
  const api = new FakeApi()
  api.put(service)
  for (const [name, shape] of Object.entries(pods)) api.put(aPod(name, shape))
  return api
}

const endpointsOf = (api: FakeApi): ReturnType<typeof api.live.get<'Endpoints'>> => api.live.get('Endpoints', 'default', 'nginx')

/** `10.0.0.1 10.0.0.2 | 10.0.0.3 : web/80` for each subset: ready, not ready, ports. */
const summaryOf = (api: FakeApi): readonly string[] =>
  (endpointsOf(api)?.subsets ?? []).map(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
    [
      addresses.map(({ ip }) => ip).join(' '),
      '|',
      notReadyAddresses.map(({ ip }) => ip).join(' '),
      ':',
      ports.map(({ name, port }) => `${name ?? ''}/${port}`).join(' '),
    ].join(' '),
  )

describe('the addresses of a Service', () => {
  const one = { ip: '10.0.0.1' }
  const rows: readonly (readonly [string, Partial<Service['spec']>, { readonly [name: string]: PodShape }, readonly string[]])[] = [
    ['are those of its ready Pods', {}, { a: one }, ['10.0.0.1 |  : web/80']],
    ['are kept apart when a Pod is not ready', {}, { a: one, b: { ip: '10.0.0.2', ready: false } }, ['10.0.0.1 | 10.0.0.2 : web/80']],
    [
      'include what is not ready when the Service publishes it',
      { publishNotReadyAddresses: true },
      { a: { ip: '10.0.0.1', ready: false }, b: { ip: '10.0.0.2', terminating: true } },
      ['10.0.0.1 10.0.0.2 |  : web/80'],
    ],
    ['leave out a terminating Pod', {}, { a: one, b: { ip: '10.0.0.2', terminating: true } }, ['10.0.0.1 |  : web/80']],
    ['leave out a finished Pod', {}, { a: { ip: '10.0.0.1', phase: 'Succeeded' } }, []],
    ['leave out a Pod without an address', {}, { a: {} }, []],
    ['leave out a Pod with other labels', {}, { a: { ip: '10.0.0.1', labels: { app: 'other' } } }, []],
    ['are ordered as texts', {}, { a: { ip: '10.0.0.3' }, b: { ip: '10.0.0.10' } }, ['10.0.0.10 10.0.0.3 |  : web/80']],
    [
      'find a named port in each Pod',
      { ports: [{ port: 8080, protocol: 'TCP', targetPort: 'web' }] },
      {
        a: one,
        b: { ip: '10.0.0.2', spec: { containers: [{ name: 'nginx', ports: [{ name: 'web', containerPort: 81, protocol: 'TCP' }] }] } },
        c: { ip: '10.0.0.3', spec: { containers: [{ name: 'nginx' }] } },
      },
      ['10.0.0.2 |  : /81', '10.0.0.1 |  : /80'],
    ],
    [
      'share a subset when the ports have the same Pods, in the order of the recorded cluster',
      {
        ports: [
          { name: 'client', port: 2379, protocol: 'TCP', targetPort: 2379 },
          { name: 'peer', port: 2380, protocol: 'TCP', targetPort: 2380 },
        ],
      },
      { a: one },
      ['10.0.0.1 |  : peer/2380 client/2379'],
    ],
    ['have no ports when a headless Service has none', { clusterIP: 'None', ports: [] }, { a: one }, ['10.0.0.1 |  : ']],
  ]
  it.each(rows)('%s', (_claim, spec, pods, expected) => {
    const api = clusterWith(aService('nginx', spec), pods)
    api.sync(endpointsController, 'default/nginx')
    const sorted = [...summaryOf(api)].sort((left, right) => (left < right ? -1 : 1))
    expect(sorted).toEqual([...expected].sort((left, right) => (left < right ? -1 : 1)))
  })
})

describe('an Endpoints object', () => {
  it('exists for a Service without Pods, labelled and with the time of the Service', () => {
    const api = clusterWith(aService('nginx', { clusterIP: 'None' }), {})
    api.sync(endpointsController, 'default/nginx')
    expect(endpointsOf(api)?.metadata).toMatchObject({
      labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller', 'service.kubernetes.io/headless': '' },
      annotations: { 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:00Z' },
    })
    expect(endpointsOf(api)).not.toHaveProperty('subsets')
  })

  it('is not written again when nothing changed', () => {
    const api = clusterWith(aService('nginx'), { a: { ip: '10.0.0.1' } })
    api.sync(endpointsController, 'default/nginx')
    expect(api.sync(endpointsController, 'default/nginx').writes).toEqual([])
  })

  it('loses the trigger time with a change that has none', () => {
    const api = clusterWith(aService('nginx'), { a: { ip: '10.0.0.1' }, b: { ip: '10.0.0.2' } })
    api.sync(endpointsController, 'default/nginx')
    api.put(aPod('b', { ip: '10.0.0.2', terminating: true }))
    expect(api.sync(endpointsController, 'default/nginx').writes).toEqual(['replace Endpoints nginx'])
    expect(endpointsOf(api)?.metadata.annotations).toBeUndefined()
    expect(summaryOf(api)).toEqual(['10.0.0.1 |  : web/80'])
  })

  it('carries the time at which a Pod became ready', () => {
    const api = clusterWith(aService('nginx'), {})
    api.sync(endpointsController, 'default/nginx')
    api.put(aPod('a', { ip: '10.0.0.1', readySince: 5_000 }))
    api.sync(endpointsController, 'default/nginx')
    expect(endpointsOf(api)?.metadata.annotations).toEqual({ 'endpoints.kubernetes.io/last-change-trigger-time': '2026-01-01T00:00:05Z' })
  })

  it('goes with its Service', () => {
    const api = clusterWith(aService('nginx'), {})
    api.sync(endpointsController, 'default/nginx')
    api.remove('Service', 'nginx')
    expect(api.sync(endpointsController, 'default/nginx').writes).toEqual(['delete Endpoints nginx'])
  })

  it.each([
    ['ExternalName', { type: 'ExternalName' as const }],
    ['without a selector', {}],
  ])('is left alone for a Service %s', (_what, spec) => {
    const { selector: _selector, ...rest } = aService('nginx').spec
    const api = clusterWith({ ...aService('nginx'), spec: { ...rest, ...spec } }, {})
    expect(api.sync(endpointsController, 'default/nginx').writes).toEqual([])
  })

  it('is cut off at a thousand addresses, the ready ones first', () => {
    const pods = Object.fromEntries(Array.from({ length: 1_100 }, (_, index) => [`p${index}`, { ip: `10.0.${index}`, ready: index < 900 }]))
    const api = clusterWith(aService('nginx'), pods)
    api.sync(endpointsController, 'default/nginx')
    const [subset] = endpointsOf(api)?.subsets ?? []
    expect([subset?.addresses?.length, subset?.notReadyAddresses?.length]).toEqual([900, 100])
    expect(endpointsOf(api)?.metadata.annotations).toMatchObject({ 'endpoints.kubernetes.io/over-capacity': 'truncated' })
  })

  it('that could not be made is told to people', () => {
    const api = clusterWith(aService('nginx'), {})
    api.sync(endpointsController, 'default/nginx')
    api.freezeCache('Service')
    const stale = new FakeApi()
    stale.put(aService('nginx'))
    stale.refuse = (command) =>
      command.kind === 'CreateObject' ? { reason: 'AlreadyExists', code: 409, message: 'endpoints "nginx" already exists' } : undefined
    expect(stale.sync(endpointsController, 'default/nginx').events).toEqual([
      'Warning FailedToCreateEndpoint Failed to create endpoint for service default/nginx: endpoints "nginx" already exists',
    ])
  })
})

describe('what wakes a Service', () => {
  const reader = clusterWith(aService('nginx'), {}).live
  const wake = endpointsController.watches.Pod
  const before = aPod('a', { ip: '10.0.0.1', ready: false })
  it.each([
    ['a Pod that became ready', aPod('a', { ip: '10.0.0.1' }), ['default/nginx']],
    ['a Pod that was touched only', { ...before, metadata: { ...before.metadata, annotations: { note: 'x' } } }, []],
    ['a Pod that lost the label', aPod('a', { ip: '10.0.0.1', ready: false, labels: {} }), ['default/nginx']],
    ['a Pod that is being deleted', aPod('a', { ip: '10.0.0.1', ready: false, terminating: true }), ['default/nginx']],
  ])('%s', (_what, after, keys) => {
    expect(wake?.({ type: 'MODIFIED', object: after, old: before }, reader).map(({ key }) => key)).toEqual(keys)
  })
})
