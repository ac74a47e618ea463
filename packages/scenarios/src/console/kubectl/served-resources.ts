/** The served kinds, in the order of discovery (`get all` prints in this order): core first, then the groups. */
import type { ResourceType } from './resource-types.js'

const kinds = (group: string, version: string, rows: readonly (readonly [kind: string, plural: string, shortNames: string, scope: 'n' | 'c', all?: 'all'])[]): readonly ResourceType[] =>
  rows.map(([kind, plural, shortNames, scope, all]) => ({
    kind,
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    shortNames: shortNames === '' ? [] : shortNames.split(','),
    namespaced: scope === 'n',
    categories: all === undefined ? [] : ['all']
  }))

export const resourceTypes: readonly ResourceType[] = [
  ...kinds('', 'v1', [
    ['ConfigMap', 'configmaps', 'cm', 'n'],
    ['Endpoints', 'endpoints', 'ep', 'n'],
    ['Event', 'events', 'ev', 'n'],
    ['LimitRange', 'limitranges', 'limits', 'n'],
    ['Namespace', 'namespaces', 'ns', 'c'],
    ['Node', 'nodes', 'no', 'c'],
    ['PersistentVolumeClaim', 'persistentvolumeclaims', 'pvc', 'n'],
    ['PersistentVolume', 'persistentvolumes', 'pv', 'c'],
    ['Pod', 'pods', 'po', 'n', 'all'],
    ['PodTemplate', 'podtemplates', '', 'n'],
    ['ReplicationController', 'replicationcontrollers', 'rc', 'n', 'all'],
    ['ResourceQuota', 'resourcequotas', 'quota', 'n'],
    ['Secret', 'secrets', '', 'n'],
    ['ServiceAccount', 'serviceaccounts', 'sa', 'n'],
    ['Service', 'services', 'svc', 'n', 'all']
  ]),
  ...kinds('apiextensions.k8s.io', 'v1', [['CustomResourceDefinition', 'customresourcedefinitions', 'crd,crds', 'c']]),
  ...kinds('apps', 'v1', [
    ['ControllerRevision', 'controllerrevisions', '', 'n'],
    ['DaemonSet', 'daemonsets', 'ds', 'n', 'all'],
    ['Deployment', 'deployments', 'deploy', 'n', 'all'],
    ['ReplicaSet', 'replicasets', 'rs', 'n', 'all'],
    ['StatefulSet', 'statefulsets', 'sts', 'n', 'all']
  ]),
  ...kinds('autoscaling', 'v2', [['HorizontalPodAutoscaler', 'horizontalpodautoscalers', 'hpa', 'n', 'all']]),
  ...kinds('batch', 'v1', [
    ['CronJob', 'cronjobs', 'cj', 'n', 'all'],
    ['Job', 'jobs', '', 'n', 'all']
  ]),
  ...kinds('coordination.k8s.io', 'v1', [['Lease', 'leases', '', 'n']]),
  ...kinds('discovery.k8s.io', 'v1', [['EndpointSlice', 'endpointslices', '', 'n']]),
  ...kinds('networking.k8s.io', 'v1', [
    ['IngressClass', 'ingressclasses', '', 'c'],
    ['Ingress', 'ingresses', 'ing', 'n'],
    ['NetworkPolicy', 'networkpolicies', 'netpol', 'n']
  ]),
  ...kinds('policy', 'v1', [['PodDisruptionBudget', 'poddisruptionbudgets', 'pdb', 'n']]),
  ...kinds('rbac.authorization.k8s.io', 'v1', [
    ['ClusterRoleBinding', 'clusterrolebindings', '', 'c'],
    ['ClusterRole', 'clusterroles', '', 'c'],
    ['RoleBinding', 'rolebindings', '', 'n'],
    ['Role', 'roles', '', 'n']
  ]),
  ...kinds('scheduling.k8s.io', 'v1', [['PriorityClass', 'priorityclasses', 'pc', 'c']]),
  ...kinds('storage.k8s.io', 'v1', [
    ['CSIDriver', 'csidrivers', '', 'c'],
    ['CSINode', 'csinodes', '', 'c'],
    ['StorageClass', 'storageclasses', 'sc', 'c'],
    ['VolumeAttachment', 'volumeattachments', '', 'c']
  ])
]
