/** The set that tests are about. */
import type { JsonObject } from '@statefold/core'

export interface PodParts {
  readonly image?: string
  /** What else its container has. */
  readonly container?: JsonObject
  /** What else its spec has. */
  readonly podSpec?: JsonObject
}

/** `spec`: what else its spec has. */
export const smallSet = (
  replicas: number,
  spec: JsonObject = {},
  { image = 'nginx:1.27', container = {}, podSpec = {} }: PodParts = {},
): JsonObject & { readonly spec: JsonObject } => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web' },
  spec: {
    serviceName: 'web',
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image, ...container }], ...podSpec } },
    ...spec,
  },
})

/** One claim for each Pod, of this class or the default one. */
export const claims = (storageClassName?: string): readonly JsonObject[] => [
  {
    metadata: { name: 'www' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...(storageClassName === undefined ? undefined : { storageClassName }),
    },
  },
]

/** Little time passes between what is begun and what is done. */
export const shortLatencies = { sandbox: '0s', containerStart: '1s', containerStop: '1s', podCleanUp: '0s', provision: '0s' }
