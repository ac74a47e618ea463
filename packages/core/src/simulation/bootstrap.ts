/** What is there before anyone does anything: namespaces, nodes, storage classes, the `kubernetes` Service. Made by commands, so it is in the log. */
import * as E from 'fp-ts/lib/Either.js'
import type { UnstoredObject } from '../api/object.js'
import { assert } from '../kernel/assert.js'
import type { Simulation } from './simulation.js'

export interface NodeSpec {
  readonly name: string
  readonly cpu?: string
  readonly memory?: string
  readonly ephemeralStorage?: string
  readonly pods?: number
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly { readonly key: string; readonly value?: string; readonly effect: string }[]
  readonly zone?: string
}

export interface StorageClassSpec {
  readonly name: string
  readonly provisioner: string
  readonly isDefault?: boolean
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer'
  readonly reclaimPolicy?: 'Delete' | 'Retain'
  readonly allowVolumeExpansion?: boolean
  readonly parameters?: Readonly<Record<string, string>>
}

export interface ClusterSpec {
  readonly nodes: readonly NodeSpec[]
  readonly storageClasses: readonly StorageClassSpec[]
  /** The DNS Service of kube-system at 10.96.0.10. */
  readonly dns?: boolean
}

// The builders below make plain API objects; their exact types are the API's to check.
const object = (apiVersion: string, kind: string, rest: object): UnstoredObject => ({ apiVersion, kind, ...rest })

const nodeObject = (node: NodeSpec, index: number): UnstoredObject => {
  const capacity = {
    cpu: node.cpu ?? '4',
    'ephemeral-storage': node.ephemeralStorage ?? '100Gi',
    memory: node.memory ?? '16Gi',
    pods: String(node.pods ?? 110),
  }
  return object('v1', 'Node', {
    metadata: {
      name: node.name,
      annotations: { 'node.alpha.kubernetes.io/ttl': '0' },
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': node.name,
        'kubernetes.io/os': 'linux',
        ...(node.zone === undefined ? undefined : { 'topology.kubernetes.io/zone': node.zone }),
        ...node.labels,
      },
    },
    spec: { ...(node.taints === undefined || node.taints.length === 0 ? undefined : { taints: node.taints }) },
    status: {
      addresses: [
        { address: `192.0.2.${index + 1}`, type: 'InternalIP' },
        { address: node.name, type: 'Hostname' },
      ],
      allocatable: capacity,
      capacity,
      conditions: conditionsOfNode,
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: {
        architecture: 'amd64',
        bootID: '',
        containerRuntimeVersion: 'containerd://2.2.0',
        kernelVersion: '6.12.0',
        kubeProxyVersion: '',
        kubeletVersion: 'v1.36.3',
        machineID: '',
        operatingSystem: 'linux',
        osImage: 'Debian GNU/Linux 13 (trixie)',
        systemUUID: '',
      },
    },
  })
}

const condition = (type: string, status: string, reason: string, message: string): object => ({
  lastHeartbeatTime: '2026-01-01T00:00:00Z',
  lastTransitionTime: '2026-01-01T00:00:00Z',
  message,
  reason,
  status,
  type,
})

const conditionsOfNode: readonly object[] = [
  condition('MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'),
  condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
  condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
  condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
]

const storageClassObject = (storageClass: StorageClassSpec): UnstoredObject =>
  object('storage.k8s.io/v1', 'StorageClass', {
    metadata: {
      name: storageClass.name,
      ...(storageClass.isDefault === true ? { annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } : undefined),
    },
    provisioner: storageClass.provisioner,
    ...(storageClass.parameters === undefined ? undefined : { parameters: storageClass.parameters }),
    ...(storageClass.reclaimPolicy === undefined ? undefined : { reclaimPolicy: storageClass.reclaimPolicy }),
    ...(storageClass.allowVolumeExpansion === undefined ? undefined : { allowVolumeExpansion: storageClass.allowVolumeExpansion }),
    ...(storageClass.volumeBindingMode === undefined ? undefined : { volumeBindingMode: storageClass.volumeBindingMode }),
  })

/** Its kubelet's heartbeat. It is not renewed in this log: kubelets that work are known to the world. */
const leaseObject = ({ name }: NodeSpec): UnstoredObject =>
  object('coordination.k8s.io/v1', 'Lease', {
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z' },
  })

const priorityClassObject = (name: string, value: number, use: string): UnstoredObject =>
  object('scheduling.k8s.io/v1', 'PriorityClass', {
    metadata: { name },
    value,
    description: `Used for system critical pods that ${use}`,
    preemptionPolicy: 'PreemptLowerPriority',
  })

const firstNamespaces: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system']

const bootstrapObjects = (spec: ClusterSpec): readonly UnstoredObject[] => [
  ...firstNamespaces.map((name) => object('v1', 'Namespace', { metadata: { name, labels: { 'kubernetes.io/metadata.name': name } } })),
  priorityClassObject('system-cluster-critical', 2_000_000_000, 'must run in the cluster, but can be moved to another node if necessary.'),
  priorityClassObject('system-node-critical', 2_000_001_000, 'must not be moved from their current node.'),
  ...firstNamespaces.map((namespace) =>
    object('v1', 'ConfigMap', {
      metadata: {
        name: 'kube-root-ca.crt',
        namespace,
        annotations: {
          'kubernetes.io/description':
            'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
        },
      },
      data: { 'ca.crt': '' },
    }),
  ),
  object('v1', 'ServiceAccount', { metadata: { name: 'default', namespace: 'default' } }),
  object('v1', 'Service', {
    metadata: { name: 'kubernetes', namespace: 'default', labels: { component: 'apiserver', provider: 'kubernetes' } },
    spec: { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: 6443 }], type: 'ClusterIP' },
  }),
  ...(spec.dns === false
    ? []
    : [
        object('v1', 'Service', {
          metadata: {
            name: 'kube-dns',
            namespace: 'kube-system',
            labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' },
          },
          spec: {
            clusterIP: '10.96.0.10',
            ports: [
              { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
              { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
            ],
            type: 'ClusterIP',
          },
        }),
      ]),
  ...spec.storageClasses.map(storageClassObject),
  ...spec.nodes.map(nodeObject),
  ...spec.nodes.map(leaseObject),
]

/** Makes the cluster's first objects as actor `bootstrap`. Nodes join Ready: the taint of new nodes is gone before anyone looks. */
export const bootstrap = (simulation: Simulation, spec: ClusterSpec): void => {
  for (const made of bootstrapObjects(spec)) {
    const result = simulation.submit({ kind: 'CreateObject', object: made }, 'bootstrap')
    assert(E.isRight(result), `the cluster's first objects are refused: ${E.isLeft(result) ? result.left.message : ''}`)
  }
  for (const { name, taints } of spec.nodes) {
    const patch = { spec: { taints: taints === undefined || taints.length === 0 ? null : taints } }
    simulation.submit({ kind: 'PatchObject', target: { kind: 'Node', namespace: '', name }, patchType: 'merge', patch }, 'bootstrap')
  }
}
