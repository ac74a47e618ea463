import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import type { Reader } from '../../cluster/reader.js'
import type { UnstoredObject } from '../object.js'
import { admitOnCreate, refusalOfUpdate } from './admit.js'

type Plain = { readonly [key: string]: unknown }

const stored = (kind: string, name: string, fields: Plain = {}, metadata: Plain = {}) => ({
  kind,
  metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
  ...fields,
})

const readerOf = (...objects: readonly ReturnType<typeof stored>[]): Reader =>
  ({
    get: (kind: string, _: string, name: string) => objects.find((object) => object.kind === kind && object.metadata.name === name),
    list: (kind: string) => objects.filter((object) => object.kind === kind),
    getAny: () => undefined,
  }) as unknown as Reader

const open = stored('Namespace', 'default', { status: { phase: 'Active' } })
const isDefault = { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } }

const sent = (kind: string, spec: Plain = {}, metadata: Plain = {}): UnstoredObject =>
  ({ apiVersion: 'v1', kind, metadata: { name: 'x', namespace: 'default', ...metadata }, spec }) as UnstoredObject

const pod = (spec: Plain = {}): UnstoredObject => sent('Pod', { containers: [{ name: 'c' }], ...spec })

const specOf = (reader: Reader, object: UnstoredObject, tolerationSeconds?: number): Plain => {
  const answer = admitOnCreate(object, {
    reader,
    now: 0,
    choose: (_, options) => options - 1,
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  })
  if (E.isLeft(answer)) throw new Error(answer.left.message)
  return (answer.right as unknown as { readonly spec: Plain }).spec
}

const refusal = (reader: Reader, object: UnstoredObject): string => {
  const answer = admitOnCreate(object, { reader, now: 0, choose: () => 0 })
  return E.isLeft(answer) ? answer.left.message : ''
}

describe('admitOnCreate', () => {
  test('a Pod gets its account, token, priority and tolerations', () => {
    const spec = specOf(readerOf(open), pod(), 3)
    expect(spec).toMatchObject({
      serviceAccountName: 'default',
      priority: 0,
      preemptionPolicy: 'PreemptLowerPriority',
      containers: [
        { volumeMounts: [{ name: 'kube-api-access-99999', mountPath: '/var/run/secrets/kubernetes.io/serviceaccount', readOnly: true }] },
      ],
      tolerations: [{ tolerationSeconds: 3 }, { tolerationSeconds: 3 }],
      volumes: [{ name: 'kube-api-access-99999' }],
    })
  })

  test('no token where the Pod or its account does not want one', () => {
    expect(specOf(readerOf(open), pod({ automountServiceAccountToken: false }))).not.toHaveProperty('volumes')
    const shy = stored('ServiceAccount', 'shy', { automountServiceAccountToken: false })
    expect(specOf(readerOf(open, shy), pod({ serviceAccountName: 'shy' }))).not.toHaveProperty('volumes')
  })

  test('the class of a priority counts, else the default one', () => {
    const high = stored('PriorityClass', 'high', { value: 7, preemptionPolicy: 'Never' })
    const usual = stored('PriorityClass', 'usual', { value: 2, globalDefault: true })
    expect(specOf(readerOf(open, high, usual), pod({ priorityClassName: 'high' }))).toMatchObject({
      priority: 7,
      preemptionPolicy: 'Never',
    })
    expect(specOf(readerOf(open, high, usual), pod())).toMatchObject({ priority: 2, priorityClassName: 'usual' })
  })

  test.each([
    ['the newest default class', { older: '2026-01-01T00:00:00Z', newer: '2026-01-02T00:00:00Z' }, {}, 'newer'],
    ['the first by name of equally old ones', { b: '2026-01-01T00:00:00Z', a: '2026-01-01T00:00:00Z' }, {}, 'a'],
    ['none when the claim says so', { a: '2026-01-01T00:00:00Z' }, { storageClassName: '' }, ''],
    ['none when there is no default', {}, {}, undefined],
  ])('a claim gets %s', (_, classes, spec, expected) => {
    const objects = Object.entries(classes).map(([name, creationTimestamp]) =>
      stored('StorageClass', name, {}, { ...isDefault, creationTimestamp }),
    )
    expect(specOf(readerOf(open, ...objects), sent('PersistentVolumeClaim', spec))['storageClassName']).toBe(expected)
  })

  test.each([
    ['a namespace that is not there', readerOf(), pod(), 'namespaces "default" not found'],
    [
      'a namespace that ends',
      readerOf(stored('Namespace', 'default', { status: { phase: 'Terminating' } })),
      pod(),
      'pods "x" is forbidden: unable to create new content in namespace default because it is being terminated',
    ],
    [
      'an unknown account',
      readerOf(open),
      pod({ serviceAccountName: 'no' }),
      'pods "x" is forbidden: error looking up service account default/no: serviceaccount "no" not found',
    ],
    [
      'an unknown priority',
      readerOf(open),
      pod({ priorityClassName: 'no' }),
      'pods "x" is forbidden: no PriorityClass with name no was found',
    ],
  ])('refuses %s', (_, reader, object, message) => {
    expect(refusal(reader, object)).toBe(message)
  })
})

describe('a Pod that names its node', () => {
  const node = stored('Node', 'node-1', {}, { labels: { 'topology.kubernetes.io/zone': 'a', 'kubernetes.io/hostname': 'node-1' } })
  const labelsOf = (object: UnstoredObject): unknown => {
    const admitted = admitOnCreate(object, { reader: readerOf(open, node), now: 0, choose: () => 0 })
    return E.isRight(admitted) ? admitted.right.metadata?.labels : admitted.left
  }

  test("has the node's zone and region, whatever its own labels say", () => {
    const named = sent(
      'Pod',
      { containers: [{ name: 'c' }], nodeName: 'node-1' },
      { labels: { app: 'x', 'topology.kubernetes.io/zone': 'b' } },
    )
    expect(labelsOf(named)).toEqual({ app: 'x', 'topology.kubernetes.io/zone': 'a' })
  })

  test.each([
    ['no node yet', pod()],
    ['a node that is not there', pod({ nodeName: 'node-9' })],
  ])('%s: nothing', (_, object) => {
    expect(labelsOf(object)).toBeUndefined()
  })
})

describe('refusalOfUpdate', () => {
  const claim = (storage: string, phase = 'Bound'): UnstoredObject =>
    ({
      ...sent('PersistentVolumeClaim', { storageClassName: 'c', resources: { requests: { storage } } }),
      status: { phase },
    }) as UnstoredObject
  test.each([
    ['a class that can', true, claim('1Gi'), claim('2Gi'), undefined],
    [
      'a class that cannot',
      false,
      claim('1Gi'),
      claim('2Gi'),
      'persistentvolumeclaims "x" is forbidden: only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
    ],
    [
      'a claim that is not bound',
      true,
      claim('1Gi', 'Pending'),
      claim('2Gi'),
      'persistentvolumeclaims "x" is forbidden: Only bound persistent volume claims can be expanded',
    ],
    ['no growth', false, claim('1Gi'), claim('1024Mi'), undefined],
  ])('growing with %s', (_, allowVolumeExpansion, before, next, message) => {
    expect(refusalOfUpdate(next, before, { reader: readerOf(stored('StorageClass', 'c', { allowVolumeExpansion })) })?.message).toBe(
      message,
    )
  })
})
