/** Boring objects for tests of controllers: a test names only what it is about. */
import type { Node, Pod, PodCondition, PodSpec, PodTemplateSpec, Service } from '../api/generated/types.js'
import type { KubernetesObject, StoredObjectMeta } from '../api/object.js'
import { timestampOf } from '../kernel/sim-time.js'

type Metadata = Partial<StoredObjectMeta>

export const aMetadata = (kind: string, name: string, metadata: Metadata = {}): StoredObjectMeta => ({
  namespace: 'default',
  uid: `${kind}-${name}`,
  resourceVersion: '1',
  creationTimestamp: timestampOf(0),
  generation: 1,
  ...metadata,
  name,
})

export interface PodShape {
  readonly labels?: { readonly [key: string]: string }
  readonly ip?: string
  readonly node?: string
  readonly ready?: boolean
  /** When Ready became what it is, ms. */
  readonly readySince?: number
  readonly phase?: NonNullable<Pod['status']['phase']>
  readonly terminating?: boolean
  readonly owner?: KubernetesObject
  readonly metadata?: Metadata
  readonly spec?: Partial<PodSpec>
  readonly status?: Partial<Pod['status']>
}

export const ownedBy = ({
  apiVersion,
  kind,
  metadata: { name, uid },
}: KubernetesObject): NonNullable<StoredObjectMeta['ownerReferences']>[number] => ({
  apiVersion,
  kind,
  name,
  uid,
  controller: true,
  blockOwnerDeletion: true,
})

/** Running and Ready on node-1 unless the shape says otherwise. */
export const aPod = (name: string, shape: PodShape = {}): Pod => {
  const {
    labels = { app: 'nginx' },
    ip,
    node = 'node-1',
    ready = true,
    readySince = 0,
    phase = 'Running',
    terminating = false,
    owner,
  } = shape
  const condition: PodCondition = { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: timestampOf(readySince) }
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: aMetadata('Pod', name, {
      labels,
      ...(terminating ? { deletionTimestamp: timestampOf(30_000), deletionGracePeriodSeconds: 30 } : undefined),
      ...(owner === undefined ? undefined : { ownerReferences: [ownedBy(owner)] }),
      ...shape.metadata,
    }),
    spec: {
      containers: [{ name: 'nginx', image: 'nginx:1.27', ports: [{ containerPort: 80, name: 'web', protocol: 'TCP' }] }],
      ...(node === '' ? undefined : { nodeName: node }),
      ...shape.spec,
    },
    status: { phase, conditions: [condition], ...(ip === undefined ? undefined : { podIP: ip, podIPs: [{ ip }] }), ...shape.status },
  }
}

export const aService = (name: string, spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: aMetadata('Service', name),
  spec: {
    clusterIP: '10.96.0.9',
    selector: { app: 'nginx' },
    ports: [{ port: 80, name: 'web', protocol: 'TCP', targetPort: 80 }],
    ...spec,
  },
  status: {},
})

export const aNode = (name: string, spec: Node['spec'] = {}, metadata: Metadata = {}): Node => {
  const { namespace: _namespace, ...rest } = aMetadata('Node', name, { labels: { 'kubernetes.io/hostname': name }, ...metadata })
  return { apiVersion: 'v1', kind: 'Node', metadata: rest, spec, status: { conditions: [{ type: 'Ready', status: 'True' }] } }
}

export const aTemplate = (image = 'nginx:1.27', labels: { readonly [key: string]: string } = { app: 'nginx' }): PodTemplateSpec => ({
  metadata: { labels },
  spec: { containers: [{ name: 'nginx', image }] },
})
