/** Boring StatefulSets and what belongs to them: a test names only what it is about. */
import type { ControllerRevision, PersistentVolume, PersistentVolumeClaim, Pod, StatefulSet } from '../api/generated/types.js'
import type { StoredObjectMeta } from '../api/object.js'
import { aMetadata, aPod, aTemplate, ownedBy, type PodShape } from './workload-builders.js'

/** `web`, three replicas, OrderedReady, at revision `web-old`. */
export const aStatefulSet = (
  spec: Partial<StatefulSet['spec']> = {},
  status: Partial<StatefulSet['status']> = {},
  metadata: Partial<StoredObjectMeta> = {},
): StatefulSet => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: aMetadata('StatefulSet', 'web', metadata),
  spec: {
    replicas: 3,
    serviceName: 'web',
    selector: { matchLabels: { app: 'web' } },
    template: aTemplate('nginx:1.27', { app: 'web' }),
    podManagementPolicy: 'OrderedReady',
    updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
    ...spec,
  },
  status: { replicas: 3, currentRevision: 'web-old', updateRevision: 'web-old', ...status },
})

/** The Pod of that ordinal: Running and Ready at `web-old` unless the shape says otherwise. */
export const aMember = (set: StatefulSet, ordinal: number, shape: PodShape & { readonly revision?: string } = {}): Pod => {
  const name = `${set.metadata.name}-${ordinal}`
  const claims = (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata?.name ?? '',
    persistentVolumeClaim: { claimName: `${metadata?.name ?? ''}-${name}` },
  }))
  return aPod(name, {
    owner: set,
    ...shape,
    labels: {
      app: 'web',
      'statefulset.kubernetes.io/pod-name': name,
      'apps.kubernetes.io/pod-index': String(ordinal),
      'controller-revision-hash': shape.revision ?? 'web-old',
      ...shape.labels,
    },
    spec: {
      hostname: name,
      subdomain: set.spec.serviceName ?? '',
      ...(claims.length === 0 ? undefined : { volumes: claims }),
      ...shape.spec,
    },
  })
}

export const aRevision = (set: StatefulSet, name: string, revision: number, image = name): ControllerRevision => ({
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  metadata: aMetadata('ControllerRevision', name, { ownerReferences: [ownedBy(set)] }),
  // The part of the set that a revision remembers.
  data: { spec: { template: aTemplate(image) } } as unknown as NonNullable<ControllerRevision['data']>,
  revision,
})

export const aClaim = (name: string, metadata: Partial<StoredObjectMeta> = {}, volumeName?: string): PersistentVolumeClaim => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: aMetadata('PersistentVolumeClaim', name, metadata),
  spec: { accessModes: ['ReadWriteOnce'], ...(volumeName === undefined ? undefined : { volumeName }) },
  status: { phase: volumeName === undefined ? 'Pending' : 'Bound' },
})

export const aVolume = (name: string, claim?: PersistentVolumeClaim, spec: Partial<PersistentVolume['spec']> = {}): PersistentVolume => {
  const { namespace: _namespace, ...metadata } = aMetadata('PersistentVolume', name)
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata,
    spec: {
      accessModes: ['ReadWriteOnce'],
      csi: { driver: 'pd.csi.storage.gke.io', volumeHandle: `disk-of-${name}` },
      ...(claim === undefined
        ? undefined
        : {
            claimRef: {
              kind: 'PersistentVolumeClaim',
              namespace: claim.metadata.namespace ?? '',
              name: claim.metadata.name,
              uid: claim.metadata.uid,
            },
          }),
      ...spec,
    },
    status: { phase: claim === undefined ? 'Available' : 'Bound' },
  }
}
