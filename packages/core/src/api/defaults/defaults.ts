/**
 * What the API server fills in when it reads an object. Pure and idempotent; shares everything that needed no default. Follows
 * pkg/apis/*\/v1/defaults.go and the generated defaulting functions beside them (v1.36).
 */
import type {
  CronJob,
  DaemonSet,
  Deployment,
  EndpointSlice,
  Endpoints,
  HorizontalPodAutoscaler,
  Job,
  LimitRange,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
  PodTemplate,
  PodTemplateSpec,
  PriorityClass,
  ReplicaSet,
  ReplicationController,
  Secret,
  Service,
  StatefulSet,
  StorageClass,
} from '../generated/types.js'
import { loosely, type Loose } from '../loose.js'
import type { UnstoredObject } from '../object.js'
import { defaultVolumeSource, defaultedPodSpec, defaultedPodTemplate } from './pod-defaults.js'
import { secretDataOf } from './secret-content.js'
import { each, filled, settling, within } from './shared-structure.js'
import { inStoredForm, type ShapedType } from './stored-form.js'

type Spec<K extends { readonly spec: unknown }> = Loose<K['spec']>

const template = <T extends { readonly template?: Loose<PodTemplateSpec> }>(spec: T): T =>
  // A missing template is a template without containers: Go's struct is always there.
  ({ ...spec, template: defaultedPodTemplate((spec.template ?? {}) as PodTemplateSpec) as Loose<PodTemplateSpec> })

/** Applies `change` to a spec in stored form, and sees to the Pod template within. */
const workload =
  <T extends { readonly template?: Loose<PodTemplateSpec> }>(type: ShapedType, change: (spec: T) => T): ((spec: T) => T) =>
  (spec) => {
    const stored = change(inStoredForm(spec, type))
    return stored.template !== undefined && defaultedPodTemplate(stored.template as PodTemplateSpec) === stored.template
      ? stored
      : template(stored)
  }

const claimSpecs = settling((spec: Loose<PersistentVolumeClaimSpec>) =>
  filled(inStoredForm(spec, 'PersistentVolumeClaimSpec'), { volumeMode: 'Filesystem', resources: {} }),
)

type ClaimTemplate = NonNullable<Spec<StatefulSet>['volumeClaimTemplates']>[number]

const pendingClaim = { phase: 'Pending' }

const defaultClaimTemplate = (claim: ClaimTemplate): ClaimTemplate => {
  const complete = filled(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: {}, spec: {}, status: pendingClaim })
  return within(
    within(
      within(complete, 'metadata', (metadata) => inStoredForm(metadata, 'ObjectMeta')),
      'spec',
      claimSpecs.keep,
    ),
    'status',
    (status) => filled(status, pendingClaim),
  )
}

// Follows SetDefaults_StatefulSet in pkg/apis/apps/v1/defaults.go.
const defaultStatefulSet = workload<Spec<StatefulSet>>('StatefulSetSpec', (sent) => {
  let spec = filled(sent, {
    serviceName: '',
    podManagementPolicy: 'OrderedReady',
    updateStrategy: {},
    persistentVolumeClaimRetentionPolicy: {},
    replicas: 1,
    revisionHistoryLimit: 10,
  })
  spec = within(spec, 'updateStrategy', (strategy) => {
    const typed = strategy.type === undefined ? filled({ ...strategy, type: 'RollingUpdate' }, { rollingUpdate: {} }) : strategy
    return typed.type === 'RollingUpdate' ? within(typed, 'rollingUpdate', (rolling) => filled(rolling, { partition: 0 })) : typed
  })
  spec = within(spec, 'persistentVolumeClaimRetentionPolicy', (policy) => filled(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }))
  return within(spec, 'volumeClaimTemplates', (claims) => each(claims, defaultClaimTemplate))
})

// Follows SetDefaults_Deployment.
const defaultDeployment = workload<Spec<Deployment>>('DeploymentSpec', (sent) => {
  const spec = filled(sent, { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  return within(spec, 'strategy', (strategy) => {
    const typed = filled(strategy, { type: 'RollingUpdate' })
    if (typed.type !== 'RollingUpdate') return typed
    return within(filled(typed, { rollingUpdate: {} }), 'rollingUpdate', (rolling) =>
      filled(rolling, { maxUnavailable: '25%', maxSurge: '25%' }),
    )
  })
})

const defaultReplicaSet = workload<Spec<ReplicaSet>>('ReplicaSetSpec', (spec) => filled(spec, { replicas: 1 }))

// Follows SetDefaults_DaemonSet.
const defaultDaemonSet = workload<Spec<DaemonSet>>('DaemonSetSpec', (sent) => {
  const spec = filled(sent, { updateStrategy: {}, revisionHistoryLimit: 10 })
  return within(spec, 'updateStrategy', (strategy) => {
    const typed = filled(strategy, { type: 'RollingUpdate' })
    if (typed.type !== 'RollingUpdate') return typed
    return within(filled(typed, { rollingUpdate: {} }), 'rollingUpdate', (rolling) => filled(rolling, { maxUnavailable: 1, maxSurge: 0 }))
  })
})

// The template of a ReplicationController is a pointer: it may be missing.
const defaultReplicationController = (sent: Spec<ReplicationController>): Spec<ReplicationController> => {
  const spec = filled(inStoredForm(sent, 'ReplicationControllerSpec'), { replicas: 1 })
  const stored = within(spec, 'template', (given) => defaultedPodTemplate(given as PodTemplateSpec) as Loose<PodTemplateSpec>)
  const labels = stored.template?.metadata?.labels
  return labels === undefined ? stored : filled(stored, { selector: labels })
}

const defaultFailurePolicy = (policy: NonNullable<Spec<Job>['podFailurePolicy']>): typeof policy =>
  within(policy, 'rules', (rules) =>
    each(rules, (rule) => within(rule, 'onPodConditions', (patterns) => each(patterns, (pattern) => filled(pattern, { status: 'True' })))),
  )

// Follows SetDefaults_Job in pkg/apis/batch/v1/defaults.go.
const defaultJob = workload<Spec<Job>>('JobSpec', (sent) => {
  let spec = sent
  if (spec.completions === undefined && spec.parallelism === undefined) spec = { ...spec, completions: 1 }
  spec = filled(spec, {
    parallelism: 1,
    backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
  })
  return within(spec, 'podFailurePolicy', defaultFailurePolicy)
})

// A CronJob's template gets the defaults of Pods, but not those of Jobs. Follows SetObjectDefaults_CronJob.
const defaultCronJob = (sent: Spec<CronJob>): Spec<CronJob> => {
  const spec = filled(inStoredForm(sent, 'CronJobSpec'), {
    concurrencyPolicy: 'Allow',
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
    jobTemplate: {},
  })
  return within(spec, 'jobTemplate', (job) =>
    within(filled(job, { metadata: {}, spec: {} }), 'spec', (jobSpec) =>
      within(template(jobSpec), 'podFailurePolicy', defaultFailurePolicy),
    ),
  )
}

const externallyReachable = (spec: Spec<Service>): boolean =>
  spec.type === 'LoadBalancer' || spec.type === 'NodePort' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)

// Follows SetDefaults_Service in pkg/apis/core/v1/defaults.go.
const defaultService = (sent: Spec<Service>): Spec<Service> => {
  let spec = filled(inStoredForm(sent, 'ServiceSpec'), { sessionAffinity: 'None', type: 'ClusterIP' })
  if (spec.sessionAffinity === 'None' && spec.sessionAffinityConfig !== undefined) {
    const { sessionAffinityConfig: _, ...rest } = spec
    spec = rest
  }
  if (spec.sessionAffinity === 'ClientIP' && spec.sessionAffinityConfig?.clientIP?.timeoutSeconds === undefined) {
    spec = { ...spec, sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } }
  }
  spec = within(spec, 'ports', (ports) =>
    each(ports, (port) => {
      const next = filled(port, { protocol: 'TCP' })
      return next.targetPort === undefined || next.targetPort === 0 || next.targetPort === ''
        ? { ...next, targetPort: next.port ?? 0 }
        : next
    }),
  )
  if (externallyReachable(spec)) spec = filled(spec, { externalTrafficPolicy: 'Cluster' })
  if (spec.type !== 'ExternalName')
    spec =
      spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer'
        ? filled(spec, { internalTrafficPolicy: 'Cluster' })
        : spec
  return spec.type === 'LoadBalancer' ? filled(spec, { allocateLoadBalancerNodePorts: true }) : spec
}

// Follows SetDefaults_PersistentVolume.
const defaultVolume = (sent: Spec<PersistentVolume>): Spec<PersistentVolume> =>
  defaultVolumeSource(
    filled(inStoredForm(sent, 'PersistentVolumeSpec'), { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
  )

type LimitItem = NonNullable<Spec<LimitRange>['limits']>[number]
type Amounts = { readonly [name: string]: string }

// Follows SetDefaults_LimitRangeItem.
const defaultLimit = (item: LimitItem): LimitItem => {
  if (item.type !== 'Container') return item
  const limits = filled((item.default ?? {}) as Amounts, (item.max ?? {}) as Amounts)
  const requests = filled(filled((item.defaultRequest ?? {}) as Amounts, limits), (item.min ?? {}) as Amounts)
  return {
    ...item,
    ...(Object.keys(limits).length === 0 ? undefined : { default: limits }),
    ...(Object.keys(requests).length === 0 ? undefined : { defaultRequest: requests }),
  }
}

const noSpec = {}

/** `object` with its spec through `change`; a missing spec is an empty one. */
const spec = <T extends { readonly spec?: object }>(
  object: object,
  change: (spec: NonNullable<T['spec']>) => NonNullable<T['spec']>,
): T => {
  const typed = object as T
  const before = (typed.spec ?? noSpec) as NonNullable<T['spec']>
  const after = change(before)
  return after === typed.spec ? typed : { ...typed, spec: after }
}

const stored =
  <T extends object>(type: ShapedType) =>
  (value: T): T =>
    inStoredForm(value, type)

const noEndpoints = { kubeletEndpoint: { Port: 0 } }
const unknownNode = {
  architecture: '',
  bootID: '',
  containerRuntimeVersion: '',
  kernelVersion: '',
  kubeProxyVersion: '',
  kubeletVersion: '',
  machineID: '',
  operatingSystem: '',
  osImage: '',
  systemUUID: '',
}

const defaultsOfKind: { readonly [kind: string]: (object: UnstoredObject) => object } = {
  Pod: (object) => spec<Loose<Pod>>(object, (given) => defaultedPodSpec(given as Pod['spec']) as Spec<Pod>),
  PodTemplate: (object) => template(loosely<PodTemplate>(object)),
  StatefulSet: (object) => spec<Loose<StatefulSet>>(object, defaultStatefulSet),
  Deployment: (object) => spec<Loose<Deployment>>(object, defaultDeployment),
  ReplicaSet: (object) => spec<Loose<ReplicaSet>>(object, defaultReplicaSet),
  DaemonSet: (object) => spec<Loose<DaemonSet>>(object, defaultDaemonSet),
  ReplicationController: (object) => {
    const controller = spec<Loose<ReplicationController>>(object, defaultReplicationController)
    const labels = controller.spec?.template?.metadata?.labels
    return labels === undefined ? controller : withLabels(controller, labels)
  },
  Job: (object) => {
    const job = spec<Loose<Job>>(object, defaultJob)
    const labels = job.spec?.template?.metadata?.labels
    return labels === undefined ? job : withLabels(job, labels)
  },
  CronJob: (object) => spec<Loose<CronJob>>(object, defaultCronJob),
  Service: (object) => spec<Loose<Service>>(object, defaultService),
  PersistentVolumeClaim: (object) =>
    within(filled(spec<Loose<PersistentVolumeClaim>>(object, claimSpecs.look), { status: pendingClaim }), 'status', (status) =>
      filled(status, pendingClaim),
    ),
  PersistentVolume: (object) =>
    within(filled(spec<Loose<PersistentVolume>>(object, defaultVolume), { status: { phase: 'Pending' } }), 'status', (status) =>
      filled(status, { phase: 'Pending' }),
    ),
  StorageClass: (object) => filled(loosely<StorageClass>(object), { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }),
  PodDisruptionBudget: (object) => spec(object, stored('PodDisruptionBudgetSpec')),
  Namespace: (object) => {
    const namespace = within(filled(loosely<Namespace>(object), { spec: {}, status: {} }), 'status', (status) =>
      filled(status, { phase: 'Active' }),
    )
    const name = namespace.metadata?.name
    if (name === undefined || name === '' || namespace.metadata?.labels?.['kubernetes.io/metadata.name'] === name) return namespace
    return {
      ...namespace,
      metadata: { ...namespace.metadata, labels: { ...namespace.metadata?.labels, 'kubernetes.io/metadata.name': name } },
    }
  },
  Node: (object) => {
    const node = spec<Loose<Node>>(object, stored('NodeSpec'))
    return within(filled(node, { status: {} }), 'status', (status) =>
      filled(status, { allocatable: status.capacity, daemonEndpoints: noEndpoints, nodeInfo: unknownNode }),
    )
  },
  Endpoints: (object) =>
    within(loosely<Endpoints>(object), 'subsets', (subsets) =>
      each(subsets, (subset) => within(subset, 'ports', (ports) => each(ports, (port) => filled(port, { protocol: 'TCP' })))),
    ),
  EndpointSlice: (object) => {
    // The server writes null for no endpoints and no ports; here such a field is absent, as everywhere.
    const slice = loosely<EndpointSlice>(withoutEmpty(object, ['endpoints', 'ports']))
    return within(
      within(slice, 'ports', (ports) => each(ports, (port) => filled(port, { name: '', protocol: 'TCP' }))),
      'endpoints',
      (endpoints) => each(endpoints, (endpoint) => filled(endpoint, { conditions: {} })),
    )
  },
  Secret: (object) => filled(secretDataOf(loosely<Secret>(object)), { type: 'Opaque' }),
  ConfigMap: (object) => withoutEmpty(object, ['data', 'binaryData']),
  PriorityClass: (object) => filled(loosely<PriorityClass>(object), { preemptionPolicy: 'PreemptLowerPriority' }),
  LimitRange: (object) => spec<Loose<LimitRange>>(object, (range) => within(range, 'limits', (limits) => each(limits, defaultLimit))),
  HorizontalPodAutoscaler: (object) =>
    spec<Loose<HorizontalPodAutoscaler>>(object, (scaler) =>
      filled(scaler, {
        minReplicas: 1,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } }],
      }),
    ),
}

const withLabels = <T extends { readonly metadata?: { readonly labels?: { readonly [key: string]: string } } }>(
  object: T,
  labels: { readonly [key: string]: string },
): T =>
  Object.keys(object.metadata?.labels ?? {}).length > 0 || Object.keys(labels).length === 0
    ? object
    : { ...object, metadata: { ...object.metadata, labels } }

const withoutEmpty = (object: object, names: readonly string[]): object => {
  const empty = names.filter((name) => {
    const value = (object as { readonly [key: string]: unknown })[name]
    return value === null || (typeof value === 'object' && Object.keys(value).length === 0)
  })
  return empty.length === 0 ? object : Object.fromEntries(Object.entries(object).filter(([name]) => !empty.includes(name)))
}

/** `stored`, if given, is what an update began with: parts of it that are still the same need no look. */
export const withDefaults = (object: UnstoredObject, stored?: UnstoredObject): UnstoredObject => {
  const given = object.metadata
  const metadata = given === undefined || given === stored?.metadata ? given : inStoredForm(given, 'ObjectMeta')
  const own = metadata === undefined || metadata === given ? object : { ...object, metadata }
  const before = (stored as { readonly spec?: object } | undefined)?.spec
  if (before !== undefined && (own as { readonly spec?: object }).spec === before && own.kind !== 'Namespace') return own
  const defaults = defaultsOfKind[own.kind]
  // Each function above keeps what it does not know, so apiVersion, kind and metadata are still there.
  return defaults === undefined ? own : (defaults(own) as UnstoredObject)
}
