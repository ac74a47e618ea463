/**
 * What the registry's strategies do to an object before it is validated and stored: the status it begins with, the fields a request may not
 * touch, and the count of changes in `metadata.generation`. Pure. Follows pkg/registry/*\/*\/strategy.go (PrepareForCreate, PrepareForUpdate)
 * and BeforeCreate and BeforeUpdate in apiserver/pkg/registry/rest.
 */
import type {
  CronJob,
  DaemonSet,
  EndpointSlice,
  Job,
  Namespace,
  ObjectMeta,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  PodTemplate,
  Service,
  StatefulSet,
} from '../generated/types.js'
import type { Mutable } from '../../kernel/mutable.js'
import { extended } from '../../kernel/extended.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { Json } from '../../kernel/json.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import type { Loose } from '../loose.js'
import type { KubernetesObject, UnstoredObject } from '../object.js'
import { qualityOfServiceOf } from './quality-of-service.js'
import { each, filled, within } from './shared-structure.js'

/** Any kind, as far as this file looks at it. */
interface AnyObject extends UnstoredObject {
  readonly spec?: object
  readonly status?: object
}

/** Equal as API objects are compared: absent and empty are one. */
const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

// ---------------------------------------------------------------- creation

/** Kinds whose changes are counted. Follows the PrepareForCreate functions that set Generation. */
const countedKinds: ReadonlySet<string> = new Set([
  'CronJob',
  'DaemonSet',
  'Deployment',
  'EndpointSlice',
  'Ingress',
  'Job',
  'NetworkPolicy',
  'Pod',
  'PodDisruptionBudget',
  'PodTemplate',
  'PriorityClass',
  'ReplicaSet',
  'ReplicationController',
  'StatefulSet',
])

/** What a new object's status is, whatever was sent. Kinds that are not here keep what was sent. */
const firstStatus: { readonly [kind: string]: object } = {
  StatefulSet: { replicas: 0, availableReplicas: 0 },
  Deployment: {},
  ReplicaSet: { replicas: 0 },
  ReplicationController: { replicas: 0 },
  DaemonSet: { currentNumberScheduled: 0, numberMisscheduled: 0, desiredNumberScheduled: 0, numberReady: 0 },
  Job: {},
  CronJob: {},
  PodDisruptionBudget: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 },
  Service: { loadBalancer: {} },
  PersistentVolumeClaim: { phase: 'Pending' },
  Namespace: { phase: 'Active' },
  ResourceQuota: {},
  HorizontalPodAutoscaler: { desiredReplicas: 0, currentMetrics: null },
}

const gatedMessage = 'Scheduling is blocked due to non-empty scheduling gates'

const statusesOfClass = {
  BestEffort: { phase: 'Pending', qosClass: 'BestEffort' },
  Burstable: { phase: 'Pending', qosClass: 'Burstable' },
  Guaranteed: { phase: 'Pending', qosClass: 'Guaranteed' },
} as const

type PodLabels = { readonly [key: string]: string } | undefined

// Follows applyMatchLabelKeysAndMismatchLabelKeys in pkg/registry/core/pod/strategy.go.
const withLabelKeys = (term: Loose<PodAffinityTerm>, labels: PodLabels): Loose<PodAffinityTerm> => {
  if (term.labelSelector === undefined || (term.matchLabelKeys ?? term.mismatchLabelKeys) === undefined) return term
  const added = [
    ...(term.matchLabelKeys ?? []).map((key) => ({ key, operator: 'In' })),
    ...(term.mismatchLabelKeys ?? []).map((key) => ({ key, operator: 'NotIn' })),
  ].flatMap(({ key, operator }) => {
    const value = labels?.[key]
    return value === undefined ? [] : [{ key, operator, values: [value] }]
  })
  if (added.length === 0) return term
  return { ...term, labelSelector: { ...term.labelSelector, matchExpressions: [...(term.labelSelector.matchExpressions ?? []), ...added] } }
}

const withKeysInAffinity = (pod: Loose<Pod>): Loose<Pod> => {
  const affinity = pod.spec?.affinity
  const constraints = pod.spec?.topologySpreadConstraints
  if (affinity?.podAffinity === undefined && affinity?.podAntiAffinity === undefined && constraints === undefined) return pod
  const labels = pod.metadata?.labels
  type Terms = NonNullable<NonNullable<typeof affinity>['podAffinity']>
  const inTerms = (terms: Terms): Terms =>
    within(
      within(terms, 'requiredDuringSchedulingIgnoredDuringExecution', (list) => each(list, (term) => withLabelKeys(term, labels))),
      'preferredDuringSchedulingIgnoredDuringExecution',
      (list) => each(list, (weighted) => within(weighted, 'podAffinityTerm', (term) => withLabelKeys(term, labels))),
    )
  return within(pod, 'spec', (spec) =>
    within(
      within(spec, 'affinity', (both) => within(within(both, 'podAffinity', inTerms), 'podAntiAffinity', inTerms)),
      'topologySpreadConstraints',
      (list) =>
        each(list, (constraint) => {
          if (constraint.labelSelector === undefined || constraint.matchLabelKeys === undefined) return constraint
          const { labelSelector } = withLabelKeys(
            { labelSelector: constraint.labelSelector, matchLabelKeys: constraint.matchLabelKeys },
            labels,
          )
          return labelSelector === undefined || labelSelector === constraint.labelSelector ? constraint : { ...constraint, labelSelector }
        }),
    ),
  )
}

// Follows podStrategy.PrepareForCreate.
const preparePod = (sent: AnyObject): AnyObject => {
  const keyed = withKeysInAffinity(sent as Loose<Pod>)
  // A negative grace period means the shortest one.
  const pod =
    (keyed.spec?.terminationGracePeriodSeconds ?? 0) < 0 ? { ...keyed, spec: { ...keyed.spec, terminationGracePeriodSeconds: 1 } } : keyed
  const qosClass = qualityOfServiceOf(pod.spec ?? {})
  const gated = (pod.spec?.schedulingGates ?? []).length > 0
  const status = gated
    ? {
        phase: 'Pending',
        qosClass,
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'SchedulingGated',
            message: gatedMessage,
            lastProbeTime: null,
            lastTransitionTime: pod.metadata?.creationTimestamp ?? null,
          },
        ],
      }
    : statusesOfClass[qosClass]
  return extended(pod as AnyObject, { status })
}

// Follows generateSelectorIfNeeded in pkg/registry/batch/job/strategy.go. The Job's own labels are defaulted from the template's when the
// stored object is read back.
const prepareJob = (sent: AnyObject): AnyObject => {
  const job = sent as Loose<Job>
  if (job.spec?.manualSelector === true) return sent
  const uid = job.metadata?.uid ?? ''
  const name = job.metadata?.name ?? ''
  const labels = filled(job.spec?.template?.metadata?.labels ?? {}, {
    'job-name': name,
    'batch.kubernetes.io/job-name': name,
    'controller-uid': uid,
    'batch.kubernetes.io/controller-uid': uid,
  })
  const selector = {
    ...job.spec?.selector,
    matchLabels: filled(job.spec?.selector?.matchLabels ?? {}, { 'batch.kubernetes.io/controller-uid': uid }),
  }
  // Defaulted labels are the very map of the template in Go, which is filled here.
  const given = job.metadata?.labels
  const own = given === undefined || Object.keys(given).length === 0 || given === job.spec?.template?.metadata?.labels ? labels : given
  return {
    ...sent,
    metadata: { ...sent.metadata, labels: own },
    spec: { ...job.spec, selector, template: { ...job.spec?.template, metadata: { ...job.spec?.template?.metadata, labels } } },
  }
}

// maxUnavailable is behind the gate MaxUnavailableStatefulSet, which v1.36 leaves off: it is dropped unless the stored object has it already.
// Follows dropStatefulSetDisabledFields in pkg/registry/apps/statefulset/strategy.go.
const withoutMaxUnavailable = (object: AnyObject, stored?: AnyObject): AnyObject => {
  const set = object as Loose<StatefulSet>
  if (set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) return object
  if ((stored as Loose<StatefulSet> | undefined)?.spec?.updateStrategy?.rollingUpdate?.maxUnavailable !== undefined) return object
  const { maxUnavailable: _, ...rollingUpdate } = set.spec.updateStrategy.rollingUpdate
  return { ...object, spec: { ...set.spec, updateStrategy: { ...set.spec.updateStrategy, rollingUpdate } } }
}

const templateGeneration = 'deprecated.daemonset.template.generation'

const withTemplateGeneration = (object: AnyObject, generation: number): AnyObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [templateGeneration]: String(generation) } },
})

const needsClusterIp = (spec: Loose<Service['spec']>): boolean =>
  spec.type === 'ClusterIP' || spec.type === 'NodePort' || spec.type === 'LoadBalancer'

// Follows normalizeClusterIPs and initIPFamilyFields in pkg/registry/core/service/storage, for a cluster with IPv4 only.
const prepareService = (sent: AnyObject): AnyObject => {
  const service = sent as Loose<Service>
  let spec = service.spec ?? {}
  if (spec.clusterIP !== undefined && spec.clusterIP !== '' && (spec.clusterIPs ?? []).length === 0)
    spec = { ...spec, clusterIPs: [spec.clusterIP] }
  if (needsClusterIp(spec)) {
    const selectorless = spec.clusterIP === 'None' && Object.keys(spec.selector ?? {}).length === 0
    if (selectorless) {
      spec = filled(spec, { ipFamilyPolicy: 'RequireDualStack' })
      if (spec.ipFamilyPolicy !== 'SingleStack' && (spec.ipFamilies ?? []).length < 2) {
        spec = { ...spec, ipFamilies: spec.ipFamilies?.[0] === 'IPv6' ? ['IPv6', 'IPv4'] : ['IPv4', 'IPv6'] }
      }
    }
    spec = filled(spec, { ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] })
  }
  return spec === service.spec ? sent : { ...sent, spec }
}

// Follows EnforceDataSourceBackwardsCompatibility (other sources than claims and snapshots are dropped) and NormalizeDataSources in pkg/api/persistentvolumeclaim/util.go.
const prepareClaim = (sent: AnyObject): AnyObject => {
  const { dataSource, dataSourceRef } = (sent as Loose<PersistentVolumeClaim>).spec ?? {}
  const group = dataSource?.apiGroup ?? ''
  const known =
    (group === '' && dataSource?.kind === 'PersistentVolumeClaim') ||
    (group === 'snapshot.storage.k8s.io' && dataSource?.kind === 'VolumeSnapshot')
  if (dataSource !== undefined && !known) {
    const { dataSource: _, ...rest } = (sent as Loose<PersistentVolumeClaim>).spec ?? {}
    return prepareClaim({ ...sent, spec: rest })
  }
  if ((dataSource === undefined) === (dataSourceRef === undefined)) return sent
  if (dataSource !== undefined) return { ...sent, spec: { ...sent.spec, dataSourceRef: dataSource } }
  if (dataSourceRef === undefined || (dataSourceRef.namespace ?? '') !== '') return sent
  const { namespace: _, ...plain } = dataSourceRef
  return { ...sent, spec: { ...sent.spec, dataSource: plain } }
}

const prepareNamespace = (sent: AnyObject): AnyObject => {
  const finalizers = (sent as Loose<Namespace>).spec?.finalizers ?? []
  return finalizers.includes('kubernetes') ? sent : { ...sent, spec: { ...sent.spec, finalizers: [...finalizers, 'kubernetes'] } }
}

const specOfKind: { readonly [kind: string]: (object: AnyObject) => AnyObject } = {
  Pod: preparePod,
  Job: prepareJob,
  StatefulSet: withoutMaxUnavailable,
  DaemonSet: (object) => withTemplateGeneration(object, 1),
  Service: prepareService,
  PersistentVolumeClaim: prepareClaim,
  PersistentVolume: (object) => ({
    ...object,
    status: {
      phase: 'Pending',
      ...(object.metadata?.creationTimestamp === undefined ? undefined : { lastPhaseTransitionTime: object.metadata.creationTimestamp }),
    },
  }),
  Namespace: prepareNamespace,
}

/**
 * PrepareForCreate. `metadata.name`, `uid` and `creationTimestamp` must be set already: a Job's selector, for one, is made from its uid.
 * (Kubernetes sets them first, too.)
 */
export const prepareForCreate = (object: UnstoredObject): UnstoredObject => {
  const metadata = metadataToCreate(object.metadata ?? {}, countedKinds.has(object.kind))
  const status = firstStatus[object.kind]
  const next: AnyObject = status === undefined ? { ...object, metadata } : { ...object, metadata, status }
  return specOfKind[object.kind]?.(next) ?? next
}

const metadataToCreate = (metadata: ObjectMeta, counted: boolean): ObjectMeta => {
  const unwanted = metadata.deletionTimestamp ?? metadata.deletionGracePeriodSeconds ?? metadata.selfLink ?? metadata.managedFields
  if (unwanted === undefined) return counted && metadata.generation !== 1 ? extended(metadata, { generation: 1 }) : metadata
  const { deletionTimestamp: _, deletionGracePeriodSeconds: __, selfLink: ___, managedFields: ____, ...rest } = metadata
  return counted ? extended(rest, { generation: 1 }) : rest
}

// ---------------------------------------------------------------- updates

/** Kinds with a status that only the status subresource may change. */
const separateStatus: ReadonlySet<string> = new Set([
  'CronJob',
  'DaemonSet',
  'Deployment',
  'HorizontalPodAutoscaler',
  'Ingress',
  'Job',
  'Namespace',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Pod',
  'PodDisruptionBudget',
  'ReplicaSet',
  'ReplicationController',
  'ResourceQuota',
  'Service',
  'StatefulSet',
  'VolumeAttachment',
])

// The fields of `from`, exactly: what is absent there becomes absent.
const withFieldsOf = <T extends object>(object: T, from: object, names: readonly string[]): T => {
  const next = { ...object } as { [name: string]: unknown }
  for (const name of names) {
    const value = (from as { readonly [key: string]: unknown })[name]
    if (value === undefined) delete next[name]
    else next[name] = value
  }
  return next as T
}

/** Whether what an update cannot touch is as it is stored. */
const areKeptAlready = (next: ObjectMeta, stored: KubernetesObject['metadata']): boolean =>
  next.selfLink === undefined &&
  next.managedFields === undefined &&
  next.uid === stored.uid &&
  next.generation === stored.generation &&
  next.creationTimestamp === stored.creationTimestamp &&
  (stored.deletionTimestamp === undefined || next.deletionTimestamp === stored.deletionTimestamp) &&
  (stored.deletionGracePeriodSeconds === undefined || next.deletionGracePeriodSeconds !== undefined)

// Follows BeforeUpdate and ValidateObjectMetaUpdate: what an update cannot touch is kept without a word. (A wrong uid is a Conflict, which is
// found before.)
const keptMetadata = (next: ObjectMeta, stored: KubernetesObject['metadata']): ObjectMeta => {
  // Who writes a status mostly sends the metadata as they were read.
  if (next === stored && stored.selfLink === undefined && stored.managedFields === undefined) return stored
  if (areKeptAlready(next, stored)) return next
  const { selfLink: _, managedFields: __, generation: ___, ...rest } = next
  const kept: Mutable<ObjectMeta> = rest
  const grace = stored.deletionGracePeriodSeconds ?? next.deletionGracePeriodSeconds
  kept.uid = next.uid === undefined || next.uid === '' ? stored.uid : next.uid
  kept.creationTimestamp = stored.creationTimestamp
  if (stored.deletionTimestamp !== undefined) kept.deletionTimestamp = stored.deletionTimestamp
  if (grace !== undefined) kept.deletionGracePeriodSeconds = next.deletionGracePeriodSeconds ?? grace
  if (stored.generation !== undefined) kept.generation = stored.generation
  return kept
}

const withGeneration = (object: AnyObject, stored: AnyObject, generation: number): AnyObject => {
  if (object.metadata === stored.metadata) return { ...object, metadata: { ...object.metadata, generation } }
  // The order of the fields is that of the log: what is counted comes after what was asked for.
  const { generation: _, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: extended(metadata, { generation }) }
}

/** Whether the update counts. Specs are compared where nothing else is said. */
const isCounted: { readonly [kind: string]: (next: AnyObject, stored: AnyObject) => boolean } = {
  Deployment: (next, stored) =>
    !same(next.spec, stored.spec) || !same(next.metadata?.annotations ?? {}, stored.metadata?.annotations ?? {}),
  PodTemplate: (next, stored) => !same((next as Loose<PodTemplate>).template, (stored as Loose<PodTemplate>).template),
  PriorityClass: () => false,
  EndpointSlice: (next, stored) => {
    const [one, other] = [next as Loose<EndpointSlice>, stored as Loose<EndpointSlice>]
    return (
      one.addressType !== other.addressType ||
      !same(one.endpoints ?? [], other.endpoints ?? []) ||
      !same(one.ports ?? [], other.ports ?? []) ||
      !same(one.metadata?.labels ?? {}, other.metadata?.labels ?? {})
    )
  },
}

// Follows dropTypeDependentFields and patchAllocatedValues in pkg/registry/core/service: what a Service need not say again, and what it loses
// with its type.
const prepareServiceUpdate = (next: AnyObject, stored: AnyObject): AnyObject => {
  const before = (stored as Loose<Service>).spec ?? {}
  let after = (next as Loose<Service>).spec ?? {}
  const typeChanged = before.type !== after.type
  const drop = (names: readonly (keyof typeof after)[]): void => {
    after = Object.fromEntries(Object.entries(after).filter(([name]) => !names.includes(name as keyof typeof after)))
  }
  if (needsClusterIp(before) && needsClusterIp(after) && (after.clusterIP ?? '') === '' && before.clusterIP !== undefined) {
    after = { ...after, clusterIP: before.clusterIP }
    if ((after.clusterIPs ?? []).length === 0 && before.clusterIPs !== undefined) after = { ...after, clusterIPs: before.clusterIPs }
  }
  if (typeChanged && needsClusterIp(before) && !needsClusterIp(after)) {
    if (after.clusterIP === before.clusterIP) drop(['clusterIP', 'clusterIPs'])
    if (same(after.ipFamilies ?? [], before.ipFamilies ?? [])) drop(['ipFamilies'])
    if (after.ipFamilyPolicy === before.ipFamilyPolicy) drop(['ipFamilyPolicy'])
  }
  const nodePorts = (spec: typeof after): boolean =>
    spec.type === 'NodePort' || (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts !== false)
  if (nodePorts(before) && nodePorts(after)) {
    const used = new Set((after.ports ?? []).map((port) => port.nodePort ?? 0))
    after = within(after, 'ports', (ports) =>
      each(ports, (port) => {
        if ((port.nodePort ?? 0) !== 0) return port
        const nodePort = before.ports?.find((old) => old.port === port.port && old.protocol === port.protocol)?.nodePort
        return nodePort === undefined || used.has(nodePort) ? port : { ...port, nodePort }
      }),
    )
  }
  if (typeChanged && nodePorts(before) && !nodePorts(after)) {
    const kept = new Set((before.ports ?? []).map((port) => port.nodePort))
    after = within(after, 'ports', (ports) =>
      each(ports, (port) => {
        if (port.nodePort === undefined || !kept.has(port.nodePort)) return port
        const { nodePort: _, ...rest } = port
        return rest
      }),
    )
  }
  if (before.type === 'LoadBalancer' && after.type !== 'LoadBalancer') {
    if (after.allocateLoadBalancerNodePorts === before.allocateLoadBalancerNodePorts) drop(['allocateLoadBalancerNodePorts'])
    if (after.loadBalancerClass === before.loadBalancerClass) drop(['loadBalancerClass'])
    if (after.healthCheckNodePort === before.healthCheckNodePort) drop(['healthCheckNodePort'])
  }
  const external = (spec: typeof after): boolean =>
    spec.type === 'NodePort' || spec.type === 'LoadBalancer' || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)
  if (external(before) && !external(after) && after.externalTrafficPolicy === before.externalTrafficPolicy) drop(['externalTrafficPolicy'])
  // Follows normalizeClusterIPs: whoever sets one of the two means both.
  if (after.clusterIP !== before.clusterIP && same(after.clusterIPs ?? [], before.clusterIPs ?? [])) {
    const clusterIP = after.clusterIP ?? ''
    if (clusterIP === '') drop(['clusterIPs'])
    else after = { ...after, clusterIPs: [clusterIP, ...(before.clusterIPs ?? []).slice(1)] }
  }
  const result: AnyObject = same(after, before) ? { ...next, spec: before } : { ...next, spec: after }
  return needsClusterIp(after) ? prepareService(result) : result
}

const mainOfKind: { readonly [kind: string]: (next: AnyObject, stored: AnyObject) => AnyObject } = {
  StatefulSet: (next, stored) => withoutMaxUnavailable(next, stored),
  Service: prepareServiceUpdate,
  // Differs from Kubernetes: the subresource finalize is part of the object once it is being deleted.
  Namespace: (next, stored) => ({
    ...next,
    spec: (stored.metadata?.deletionTimestamp === undefined ? undefined : next.spec) ?? stored.spec ?? {},
  }),
  PersistentVolumeClaim: prepareClaim,
  DaemonSet: (next, stored) => {
    const before = Number(stored.metadata?.annotations?.[templateGeneration] ?? '1')
    const changed = !same((next as Loose<DaemonSet>).spec?.template, (stored as Loose<DaemonSet>).spec?.template)
    return withTemplateGeneration(next, changed ? before + 1 : before)
  },
  CronJob: (next, stored) =>
    same((next as Loose<CronJob>).spec, (stored as Loose<CronJob>).spec) ? { ...next, spec: stored.spec ?? {} } : next,
}

const metadataForStatus = ['deletionTimestamp', 'generation', 'labels', 'annotations', 'finalizers', 'ownerReferences'] as const

const statusOfKind: { readonly [kind: string]: (next: AnyObject, stored: AnyObject, now: SimTime | undefined) => AnyObject } = {
  // Follows podStatusStrategy.PrepareForUpdate.
  Pod: (next, stored) => {
    const [after, before] = [(next as Loose<Pod>).status ?? {}, (stored as Loose<Pod>).status ?? {}]
    let status = filled(after, { qosClass: before.qosClass, observedGeneration: before.observedGeneration })
    const conditions = before.conditions
    if (conditions !== undefined && after.conditions?.some(({ observedGeneration }) => observedGeneration === undefined) === true) {
      status = within(status, 'conditions', (list) =>
        each(list, (condition) =>
          filled(condition, { observedGeneration: conditions.find(({ type }) => type === condition.type)?.observedGeneration }),
        ),
      )
    }
    if (next.metadata === stored.metadata) return status === next.status ? next : { ...next, status }
    const { deletionTimestamp: _, ...metadata } = next.metadata ?? {}
    const deleted = stored.metadata?.deletionTimestamp
    return {
      ...next,
      metadata: withFieldsOf(
        { ...metadata, ...(deleted === undefined ? undefined : { deletionTimestamp: deleted }) },
        stored.metadata ?? {},
        ['ownerReferences'],
      ),
      status,
    }
  },
  Deployment: (next, stored) => ({ ...next, metadata: withFieldsOf(next.metadata ?? {}, stored.metadata ?? {}, ['labels']) }),
  Service: (next, stored) => ({ ...next, metadata: withFieldsOf(next.metadata ?? {}, stored.metadata ?? {}, metadataForStatus) }),
  // Follows persistentvolumeStatusStrategy.PrepareForUpdate.
  PersistentVolume: (next, stored, now) => {
    const [after, before] = [(next as Loose<PersistentVolume>).status ?? {}, (stored as Loose<PersistentVolume>).status ?? {}]
    const lastPhaseTransitionTime =
      after.phase !== before.phase && now !== undefined
        ? timestampOf(now)
        : (after.lastPhaseTransitionTime ?? before.lastPhaseTransitionTime)
    return lastPhaseTransitionTime === undefined || lastPhaseTransitionTime === after.lastPhaseTransitionTime
      ? next
      : { ...next, status: { ...after, lastPhaseTransitionTime } }
  },
}

/**
 * PrepareForUpdate and the metadata rules of BeforeUpdate. `next` has been through `withDefaults`. `now` is the moment of the request; a
 * volume's status tells it. When the spec was not changed, the result shares the stored one.
 */
export const prepareForUpdate = (next: UnstoredObject, stored: KubernetesObject, subresource?: 'status', now?: SimTime): UnstoredObject => {
  const before: AnyObject = stored
  const metadata = keptMetadata(next.metadata ?? {}, stored.metadata)
  let after: AnyObject = metadata === next.metadata ? next : { ...next, metadata }
  if (subresource === 'status') {
    if (before.spec !== undefined && before.spec !== after.spec) after = { ...after, spec: before.spec }
    return statusOfKind[after.kind]?.(after, before, now) ?? after
  }
  if (after.status !== before.status && separateStatus.has(after.kind)) {
    const { status: _, ...rest } = after
    after = before.status === undefined ? rest : extended(rest, { status: before.status })
  }
  after = mainOfKind[after.kind]?.(after, before) ?? after
  if (after.spec !== undefined && after.spec !== before.spec && same(after.spec, before.spec) && before.spec !== undefined)
    after = { ...after, spec: before.spec }
  if (!countedKinds.has(after.kind)) return after
  const counted = isCounted[after.kind]
  const changed = counted === undefined ? after.spec !== before.spec : counted(after, before)
  return changed ? withGeneration(after, before, (stored.metadata.generation ?? 0) + 1) : after
}
