/** StatefulSets, Services and budgets from the shapes of a random history, as people would write them. */
import type { JsonObject } from '@statefold/core'
import type { SetShape } from '../format/history-codec.js'

const setNames = ['web', 'db', 'log', 'kv'] as const

const setName = (index: number): string => setNames[index % setNames.length] ?? 'web'

const claimTemplate = (claims: SetShape['claims']): JsonObject => ({
  metadata: { name: 'www' },
  spec: { accessModes: ['ReadWriteOnce'], storageClassName: claims, resources: { requests: { storage: '1Gi' } } },
})

/** The Service, the set and its budget, as people would write them. */
export const manifestsOfSet = (shape: SetShape, index: number): readonly JsonObject[] => {
  const name = setName(index)
  const { claims, maxUnavailable } = shape
  const service: JsonObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { clusterIP: 'None', selector: { app: name }, ports: [{ name: 'http', port: 80 }] },
  }
  const container: JsonObject = {
    name: 'main',
    image: 'nginx:1.27',
    ports: [{ name: 'http', containerPort: 80 }],
    resources: { requests: { cpu: '100m' } },
    ...(shape.probed ? { readinessProbe: { tcpSocket: { port: 80 }, periodSeconds: 2, failureThreshold: 1 } } : {}),
    ...(claims === 'none' ? {} : { volumeMounts: [{ name: 'www', mountPath: '/usr/share/nginx/html' }] }),
  }
  const set: JsonObject = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      serviceName: name,
      replicas: shape.replicas,
      podManagementPolicy: shape.management,
      minReadySeconds: shape.minReadySeconds,
      revisionHistoryLimit: shape.revisionHistoryLimit,
      ordinals: { start: shape.start },
      updateStrategy:
        shape.strategy === 'OnDelete'
          ? { type: 'OnDelete' }
          : {
              type: 'RollingUpdate',
              rollingUpdate: { partition: shape.partition, ...(maxUnavailable === undefined ? {} : { maxUnavailable }) },
            },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: shape.whenDeleted, whenScaled: shape.whenScaled },
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: shape.grace, containers: [container] },
      },
      ...(claims === 'none' ? {} : { volumeClaimTemplates: [claimTemplate(claims)] }),
    },
  }
  const budget: JsonObject = {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name },
    spec: { selector: { matchLabels: { app: name } }, ...(shape.budget === 'available' ? { minAvailable: 2 } : { maxUnavailable: 1 }) },
  }
  return [service, set, ...(shape.budget === 'none' ? [] : [budget])]
}
