import { describe, expect, it } from 'vitest'

import { fieldsOf, typeNameOfKind } from './field-schema.js'
import { patchMetaOf } from './generated/patch-meta.js'
import { fieldsOfTypes } from './generated/schema.js'
import type { Kinds } from './generated/types.js'
import {
  allResources,
  isNamespaced,
  qualifiedKind,
  qualifiedResource,
  resourceOfKind,
  resourceOfName,
  resourcesOfCategory,
} from './resources.js'

// The compiler sees to it that the list is complete.
const everyKind: { readonly [Kind in keyof Kinds]: true } = {
  CSIDriver: true,
  CSINode: true,
  CSIStorageCapacity: true,
  ConfigMap: true,
  ControllerRevision: true,
  CronJob: true,
  DaemonSet: true,
  Deployment: true,
  EndpointSlice: true,
  Endpoints: true,
  Event: true,
  HorizontalPodAutoscaler: true,
  Job: true,
  Lease: true,
  LimitRange: true,
  Namespace: true,
  Node: true,
  PersistentVolume: true,
  PersistentVolumeClaim: true,
  Pod: true,
  PodDisruptionBudget: true,
  PodTemplate: true,
  PriorityClass: true,
  ReplicaSet: true,
  ReplicationController: true,
  ResourceQuota: true,
  Secret: true,
  Service: true,
  ServiceAccount: true,
  StatefulSet: true,
  StorageClass: true,
  VolumeAttachment: true,
  VolumeAttributesClass: true,
}

describe('every stored kind', () => {
  it.each(Object.keys(everyKind))('%s has a resource and a shape', (kind) => {
    const resource = resourceOfKind(kind)
    expect(resource?.verbs).toContain('watch')
    expect(resourceOfName(resource?.plural ?? '')).toBe(resource)
    expect(fieldsOf(typeNameOfKind(kind) ?? '')?.get('metadata')).toMatchObject({ type: 'ObjectMeta' })
  })
})

it('every struct that a field names is described', () => {
  for (const type of Object.keys(fieldsOfTypes))
    for (const [field, shape] of fieldsOf(type) ?? []) {
      let inner = shape
      while (inner.shape === 'list' || inner.shape === 'map') inner = inner.element
      if (inner.shape === 'struct') expect(fieldsOfTypes[inner.type], `${type}.${field}`).toBeDefined()
    }
})

describe('a resource is found by', () => {
  it.each([
    ['pods', 'Pod'],
    ['po', 'Pod'],
    ['Pod', 'Pod'],
    ['sts', 'StatefulSet'],
    ['statefulset.apps', 'StatefulSet'],
    ['statefulsets.v1.apps', 'StatefulSet'],
    ['PVC', 'PersistentVolumeClaim'],
    ['ep', 'Endpoints'],
    ['endpointslices.discovery.k8s.io', 'EndpointSlice'],
    ['pods.v1', 'Pod'],
  ])('%s', (name, kind) => {
    expect(resourceOfName(name)?.kind).toBe(kind)
  })

  it('nothing that does not exist', () => {
    expect(resourceOfName('nonsense')).toBeUndefined()
    expect(resourceOfName('pods.apps')).toBeUndefined()
  })
})

it('events belong to the core group unless somebody says otherwise', () => {
  expect(resourceOfKind('Event')?.group).toBe('')
  expect(resourceOfName('events')?.group).toBe('')
  expect(resourceOfName('events.events.k8s.io')?.group).toBe('events.k8s.io')
})

it('names carry their group as the server writes it', () => {
  expect([qualifiedResource('Pod'), qualifiedResource('StatefulSet'), qualifiedKind('Pod'), qualifiedKind('StatefulSet')]).toEqual([
    'pods',
    'statefulsets.apps',
    'Pod',
    'StatefulSet.apps',
  ])
  expect([isNamespaced('Pod'), isNamespaced('Node'), isNamespaced('PersistentVolume')]).toEqual([true, false, false])
})

it('a category lists its resources in the order of discovery', () => {
  expect(resourcesOfCategory('all').map(({ plural }) => plural)).toEqual(
    allResources.filter(({ categories }) => categories.includes('all')).map(({ plural }) => plural),
  )
})

it.each([
  ['PodSpec', 'containers', { strategy: 'merge', mergeKey: 'name', elementType: 'Container' }],
  ['PodSpec', 'volumes', { strategy: 'merge,retainKeys', mergeKey: 'name', elementType: 'Volume' }],
  ['PodSpec', 'tolerations', { elementType: 'Toleration' }],
  ['DeploymentSpec', 'strategy', { strategy: 'retainKeys', elementType: 'DeploymentStrategy' }],
  ['ObjectMeta', 'finalizers', { strategy: 'merge' }],
  ['ObjectMeta', 'labels', {}],
  ['ServiceSpec', 'ports', { strategy: 'merge', mergeKey: 'port', elementType: 'ServicePort' }],
  ['StatefulSetSpec', 'volumeClaimTemplates', { elementType: 'PersistentVolumeClaim' }],
])('%s.%s is patched as Go’s tags say', (type, field, meta) => {
  expect(patchMetaOf(type, field)).toEqual(meta)
})
