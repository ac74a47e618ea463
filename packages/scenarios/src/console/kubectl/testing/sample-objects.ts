/** A StatefulSet with its Pods as the API stores them, for tests of kubectl. */
import type { JsonObject, KubernetesObject } from '@statefold/core'
import { jsonOf, wordOf } from '../json-object.js'

const created = '2026-01-01T00:00:00Z'

/** An object with the metadata that every stored object has. */
export const stored = (object: JsonObject): KubernetesObject => {
  const metadata = jsonOf(object)['metadata']
  const own = typeof metadata === 'object' && metadata !== null && !Array.isArray(metadata) ? (metadata as JsonObject) : {}
  // What a test calls stored is stored.
  return {
    ...object,
    metadata: { creationTimestamp: created, resourceVersion: '1', uid: `uid-${wordOf(object['kind'])}-${wordOf(own['name'])}`, ...own },
  } as unknown as KubernetesObject
}

const template = (image: string): JsonObject => ({
  metadata: { labels: { app: 'nginx' } },
  spec: {
    containers: [
      {
        image,
        imagePullPolicy: 'IfNotPresent',
        name: 'nginx',
        ports: [{ containerPort: 80, name: 'web', protocol: 'TCP' }],
        resources: {},
      },
    ],
    restartPolicy: 'Always',
  },
})

export const statefulSet = (
  changes: { readonly metadata?: JsonObject; readonly spec?: JsonObject; readonly status?: JsonObject } = {},
): KubernetesObject =>
  stored({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { generation: 1, name: 'web', namespace: 'default', ...changes.metadata },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'nginx' } },
      serviceName: 'nginx',
      template: template('nginx:1.27'),
      updateStrategy: { rollingUpdate: { partition: 0 }, type: 'RollingUpdate' },
      ...changes.spec,
    },
    status: {
      observedGeneration: 1,
      readyReplicas: 3,
      replicas: 3,
      updatedReplicas: 3,
      availableReplicas: 3,
      currentReplicas: 3,
      currentRevision: 'web-1',
      updateRevision: 'web-1',
      ...changes.status,
    },
  })

const owner = (kind: string, name: string): JsonObject => ({
  apiVersion: 'apps/v1',
  blockOwnerDeletion: true,
  controller: true,
  kind,
  name,
  uid: `uid-${kind}-${name}`,
})

export const pod = (
  name: string,
  changes: { readonly metadata?: JsonObject; readonly spec?: JsonObject; readonly status?: JsonObject } = {},
): KubernetesObject =>
  stored({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { labels: { app: 'nginx' }, name, namespace: 'default', ownerReferences: [owner('StatefulSet', 'web')], ...changes.metadata },
    spec: { containers: [{ image: 'nginx:1.27', name: 'nginx' }], nodeName: 'node-1', ...changes.spec },
    status: {
      conditions: [{ lastTransitionTime: created, status: 'True', type: 'Ready' }],
      containerStatuses: [{ image: 'nginx:1.27', name: 'nginx', ready: true, restartCount: 0, state: { running: { startedAt: created } } }],
      phase: 'Running',
      podIP: '10.244.0.3',
      podIPs: [{ ip: '10.244.0.3' }],
      ...changes.status,
    },
  })

const revision = (number: number, image: string): KubernetesObject =>
  stored({
    apiVersion: 'apps/v1',
    data: { spec: { template: { $patch: 'replace', ...template(image) } } },
    kind: 'ControllerRevision',
    metadata: { labels: { app: 'nginx' }, name: `web-${number}`, namespace: 'default', ownerReferences: [owner('StatefulSet', 'web')] },
    revision: number,
  })

export const node = (name: string, spec: JsonObject = {}): KubernetesObject =>
  stored({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec,
    status: { conditions: [{ status: 'True', type: 'Ready' }], nodeInfo: { kubeletVersion: 'v1.36.3' } },
  })

export const service = (name: string): KubernetesObject =>
  stored({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'default' },
    spec: {
      clusterIP: 'None',
      clusterIPs: ['None'],
      ports: [{ name: 'web', port: 80, protocol: 'TCP', targetPort: 80 }],
      selector: { app: 'nginx' },
      sessionAffinity: 'None',
      type: 'ClusterIP',
    },
  })

export const claim = (name: string): KubernetesObject =>
  stored({
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { finalizers: ['kubernetes.io/pvc-protection'], name, namespace: 'default' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'standard',
      volumeMode: 'Filesystem',
    },
    status: { phase: 'Pending' },
  })

/** web with three Pods on node-1, its Service, two revisions. */
export const sampleCluster: readonly KubernetesObject[] = [
  statefulSet(),
  pod('web-0'),
  pod('web-1'),
  pod('web-2'),
  service('nginx'),
  revision(1, 'nginx:1.26'),
  revision(2, 'nginx:1.27'),
  node('node-1'),
  node('node-2'),
]
