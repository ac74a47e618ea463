/**
 * The admission plugins that look at a new object between defaulting and validation, in the server's order: NamespaceLifecycle,
 * TaintNodesByCondition, PodTopologyLabels, ServiceAccount, Priority, DefaultTolerationSeconds, DefaultStorageClass,
 * StorageObjectInUseProtection, RuntimeClass.
 * Pure: they read the store, and the one random name is a choice.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Reader } from '../../cluster/reader.js'
import { topologyLabelsOf } from './topology-labels.js'
import type { Mutable } from '../../kernel/mutable.js'
import type { Choose } from '../../kernel/choose.js'
import { extended, growingCopy } from '../../kernel/extended.js'
import { simTimeOf, type SimTime } from '../../kernel/sim-time.js'
import { forbidden, notFound, type ApiStatus } from '../api-status.js'
import { each, filled } from '../defaults/shared-structure.js'
import type { Container, Node, PersistentVolumeClaim, Pod, PodSpec, Toleration, Volume } from '../generated/types.js'
import type { Loose } from '../loose.js'
import type { UnstoredObject } from '../object.js'
import { compareQuantities, quantityOf } from '../quantity.js'

export interface AdmissionContext {
  /** The API's own view of the store. */
  readonly reader: Reader
  readonly now: SimTime
  readonly choose: Choose
  /** For the tolerations of not-ready and unreachable nodes; 300 unless the API server's flags say otherwise. */
  readonly tolerationSeconds?: number
}

type Admission = E.Either<ApiStatus, UnstoredObject>

/** What one plugin sets in a Pod's spec. They are put together once. */
type Settings = Loose<PodSpec>
const nothing: Settings = {}

// ---------------------------------------------------------------- NamespaceLifecycle

/** Namespaces that always exist for admission, as they must be created by the server itself. */
const kindsWithoutNamespace: ReadonlySet<string> = new Set([
  'Namespace',
  'Node',
  'PersistentVolume',
  'StorageClass',
  'PriorityClass',
  'CSIDriver',
  'CSINode',
  'VolumeAttachment',
  'VolumeAttributesClass',
])

// Follows Admit in apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
const namespaceRefusal = (object: UnstoredObject, resource: string, { reader }: AdmissionContext): ApiStatus | undefined => {
  const name = object.metadata?.namespace ?? ''
  if (name === '' || kindsWithoutNamespace.has(object.kind)) return undefined
  const namespace = reader.get('Namespace', '', name)
  if (namespace === undefined) return notFound('namespaces', name)
  if (namespace.status?.phase !== 'Terminating' && namespace.metadata.deletionTimestamp === undefined) return undefined
  return forbidden(
    resource,
    object.metadata?.name ?? '',
    `unable to create new content in namespace ${name} because it is being terminated`,
  )
}

// ---------------------------------------------------------------- ServiceAccount

const tokenMountPath = '/var/run/secrets/kubernetes.io/serviceaccount'
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789'
const suffixLength = 5

/** Shared by all Pods, so that it is looked at only once. Follows TokenVolumeSource in plugin/pkg/admission/serviceaccount/admission.go. */
const tokenSource: NonNullable<Volume['projected']> = {
  defaultMode: 0o644,
  sources: [
    { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
    { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
    { downwardAPI: { items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }] } },
  ],
}

const tokenVolumeName = (object: UnstoredObject, choose: Choose): string => {
  const { uid, namespace, name, generateName } = object.metadata ?? {}
  const key = uid ?? `${namespace ?? ''}/${name ?? generateName ?? ''}`
  let suffix = ''
  for (let index = 0; index < suffixLength; index += 1) {
    suffix += suffixLetters.charAt(choose({ stream: 'api/token-volume-name', key: `${key}#${index}` }, suffixLetters.length))
  }
  return `kube-api-access-${suffix}`
}

const mountsToken = (container: Loose<Container>): boolean =>
  (container.volumeMounts ?? []).some(({ mountPath }) => mountPath === tokenMountPath)

const mountToken = (settings: Mutable<Settings>, object: UnstoredObject, spec: Loose<PodSpec>, choose: Choose): void => {
  const { containers, initContainers, volumes } = spec
  if ((containers ?? []).every(mountsToken) && (initContainers ?? []).every(mountsToken)) return
  const existing = volumes?.find(({ name }) => name?.startsWith('kube-api-access-') === true)?.name
  const name = existing ?? tokenVolumeName(object, choose)
  const mount = { mountPath: tokenMountPath, name, readOnly: true }
  const mounted = (container: Loose<Container>): Loose<Container> =>
    mountsToken(container)
      ? container
      : extended(container, { volumeMounts: container.volumeMounts === undefined ? [mount] : [...container.volumeMounts, mount] })
  if (initContainers !== undefined) settings.initContainers = each(initContainers, mounted)
  if (containers !== undefined) settings.containers = each(containers, mounted)
  if (existing === undefined) settings.volumes = [...(volumes ?? []), { name, projected: tokenSource }]
}

const mirrorAnnotation = 'kubernetes.io/config.mirror'

const admitServiceAccount = (
  object: UnstoredObject,
  spec: Loose<PodSpec>,
  { reader, choose }: AdmissionContext,
): E.Either<string, Settings> => {
  if (object.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return (spec.serviceAccountName ?? '') === '' ? E.right(nothing) : E.left('a mirror pod may not reference service accounts')
  }
  const namespace = object.metadata?.namespace ?? ''
  const named = (spec.serviceAccountName ?? '') === '' ? 'default' : (spec.serviceAccountName ?? 'default')
  const account = reader.get('ServiceAccount', namespace, named)
  // The controller that makes every namespace's default account is not simulated: that account is taken to be there.
  if (account === undefined && named !== 'default') {
    return E.left(`error looking up service account ${namespace}/${named}: serviceaccount "${named}" not found`)
  }
  const automount = spec.automountServiceAccountToken ?? account?.automountServiceAccountToken ?? true
  const secrets = account?.imagePullSecrets ?? []
  const settings: Mutable<Settings> = { serviceAccountName: named, serviceAccount: named }
  if (automount) mountToken(settings, object, spec, choose)
  if ((spec.imagePullSecrets ?? []).length === 0 && secrets.length > 0) settings.imagePullSecrets = secrets
  return E.right(settings)
}

// ---------------------------------------------------------------- Priority

const systemClasses: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
])

// Follows admitPod in plugin/pkg/admission/priority/admission.go.
const admitPriority = (spec: Loose<PodSpec>, { reader }: AdmissionContext): E.Either<string, Settings> => {
  const named = spec.priorityClassName ?? ''
  let priority = 0
  let preemptionPolicy = 'PreemptLowerPriority'
  let priorityClassName = named
  if (named !== '') {
    const found = reader.get('PriorityClass', '', named)
    const value = found?.value ?? systemClasses.get(named)
    if (value === undefined) return E.left(`no PriorityClass with name ${named} was found`)
    priority = value
    preemptionPolicy = found?.preemptionPolicy ?? preemptionPolicy
  } else {
    for (const candidate of reader.list('PriorityClass')) {
      if (candidate.globalDefault !== true) continue
      if (priorityClassName !== '' && (candidate.value ?? 0) >= priority) continue
      priorityClassName = candidate.metadata.name
      priority = candidate.value ?? 0
      preemptionPolicy = candidate.preemptionPolicy ?? preemptionPolicy
    }
  }
  if (spec.priority !== undefined && spec.priority !== priority) {
    return E.left(
      `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${priority} from the given PriorityClass name`,
    )
  }
  if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== preemptionPolicy) {
    return E.left(
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${preemptionPolicy} from the given PriorityClass name`,
    )
  }
  return E.right(priorityClassName === '' ? { priority, preemptionPolicy } : { priority, preemptionPolicy, priorityClassName })
}

// ---------------------------------------------------------------- DefaultTolerationSeconds

const defaultTolerationSeconds = 300
const notReady = 'node.kubernetes.io/not-ready'
const unreachable = 'node.kubernetes.io/unreachable'

const tolerationsOf = (seconds: number): readonly [Loose<Toleration>, Loose<Toleration>] => [
  { effect: 'NoExecute', key: notReady, operator: 'Exists', tolerationSeconds: seconds },
  { effect: 'NoExecute', key: unreachable, operator: 'Exists', tolerationSeconds: seconds },
]

const usualTolerations = tolerationsOf(defaultTolerationSeconds)

// Follows Admit in plugin/pkg/admission/defaulttolerationseconds/admission.go.
const addTolerations = (given: readonly Loose<Toleration>[], seconds: number): Settings => {
  const usual = seconds === defaultTolerationSeconds ? usualTolerations : tolerationsOf(seconds)
  if (given.length === 0) return { tolerations: usual }
  const missing = usual.filter(
    ({ key }) =>
      !given.some(
        (toleration) =>
          ((toleration.key ?? '') === key || (toleration.key ?? '') === '') &&
          ((toleration.effect ?? '') === 'NoExecute' || (toleration.effect ?? '') === ''),
      ),
  )
  return missing.length === 0 ? nothing : { tolerations: [...given, ...missing] }
}

// ---------------------------------------------------------------- RuntimeClass

// RuntimeClasses are not simulated, so none exists. Follows plugin/pkg/admission/runtimeclass/admission.go.
const runtimeClassRefusal = (spec: Loose<PodSpec>, { reader }: AdmissionContext): string | undefined => {
  if (spec.runtimeClassName !== undefined && spec.runtimeClassName !== '') {
    return reader.getAny('RuntimeClass', '', spec.runtimeClassName) === undefined
      ? `pod rejected: RuntimeClass "${spec.runtimeClassName}" not found`
      : undefined
  }
  return Object.keys(spec.overhead ?? {}).length > 0
    ? 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead'
    : undefined
}

const put = (set: Mutable<Settings>, settings: Settings): void => {
  const into = set as { [name: string]: unknown }
  for (const name in settings) into[name] = settings[name as keyof Settings]
}

const admitPod = (object: UnstoredObject, context: AdmissionContext): Admission => {
  const refuse = (why: string): Admission => E.left(forbidden('pods', object.metadata?.name ?? '', why))
  const { spec = nothing } = object as Loose<Pod>
  const account = admitServiceAccount(object, spec, context)
  if (E.isLeft(account)) return refuse(account.left)
  const priority = admitPriority(spec, context)
  if (E.isLeft(priority)) return refuse(priority.left)
  const refusal = runtimeClassRefusal(spec, context)
  if (refusal !== undefined) return refuse(refusal)
  const tolerations = addTolerations(spec.tolerations ?? [], context.tolerationSeconds ?? defaultTolerationSeconds)
  const topology = (spec.nodeName ?? '') === '' ? undefined : topologyLabelsOf(context.reader.get('Node', '', spec.nodeName ?? ''))
  // One by one: V8 is slow at spreading several objects into one.
  const set: Mutable<Settings> = growingCopy(spec)
  for (const settings of [account.right, priority.right, tolerations]) put(set, settings)
  const metadata = topology === undefined ? object.metadata : { ...object.metadata, labels: { ...object.metadata?.labels, ...topology } }
  const admitted: UnstoredObject & { readonly spec: object } =
    metadata === undefined ? { ...object, spec: set } : { ...object, metadata, spec: set }
  return E.right(admitted)
}

// ---------------------------------------------------------------- claims, volumes, nodes

const betaClass = 'volume.beta.kubernetes.io/storage-class'

const defaultClassAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'] as const

/** The newest default class; of several of one second the first by name. Follows GetDefaultClass in pkg/volume/util/storageclass.go. */
const defaultStorageClass = (reader: Reader): string | undefined => {
  const candidates = reader
    .list('StorageClass')
    .filter(({ metadata }) => defaultClassAnnotations.some((key) => metadata.annotations?.[key] === 'true'))
  let best: (typeof candidates)[number] | undefined
  for (const candidate of candidates) {
    if (best === undefined) best = candidate
    else {
      const [made, before] = [simTimeOf(candidate.metadata.creationTimestamp) ?? 0, simTimeOf(best.metadata.creationTimestamp) ?? 0]
      if (made > before || (made === before && candidate.metadata.name < best.metadata.name)) best = candidate
    }
  }
  return best?.metadata.name
}

const withFinalizer = (object: UnstoredObject, finalizer: string): UnstoredObject => {
  const finalizers = object.metadata?.finalizers ?? []
  return finalizers.includes(finalizer)
    ? object
    : { ...object, metadata: extended(object.metadata ?? {}, { finalizers: [...finalizers, finalizer] }) }
}

// Follows plugin/pkg/admission/storage/storageclass/setdefault/admission.go.
const admitClaim = (object: UnstoredObject, { reader }: AdmissionContext): UnstoredObject => {
  const { spec = {} } = object as Loose<PersistentVolumeClaim>
  const named = spec.storageClassName !== undefined || object.metadata?.annotations?.[betaClass] !== undefined
  const storageClassName = named ? undefined : defaultStorageClass(reader)
  const classed: UnstoredObject & { readonly spec: object } = { ...object, spec: filled(spec, { storageClassName }) }
  return withFinalizer(classed, 'kubernetes.io/pvc-protection')
}

// Follows plugin/pkg/admission/nodetaint/admission.go: a node is tainted until the controller has seen that it is ready.
const admitNode = (object: UnstoredObject): UnstoredObject => {
  const { spec = {} } = object as Loose<Node>
  const taints = spec.taints ?? []
  if (taints.some(({ key, effect }) => key === notReady && effect === 'NoSchedule')) return object
  const tainted: UnstoredObject & { readonly spec: object } = {
    ...object,
    spec: { ...spec, taints: [...taints, { effect: 'NoSchedule', key: notReady }] },
  }
  return tainted
}

/**
 * The object as it is admitted, or the refusal. `object` is defaulted. `resource` is its plural name as the server prints it
 * (`statefulsets.apps`), for refusals that concern all kinds.
 */
export const admitOnCreate = (
  object: UnstoredObject,
  context: AdmissionContext,
  resource: string = `${object.kind.toLowerCase()}s`,
): Admission => {
  const refusal = namespaceRefusal(object, resource, context)
  if (refusal !== undefined) return E.left(refusal)
  switch (object.kind) {
    case 'Pod':
      return admitPod(object, context)
    case 'PersistentVolumeClaim':
      return E.right(admitClaim(object, context))
    case 'PersistentVolume':
      return E.right(withFinalizer(object, 'kubernetes.io/pv-protection'))
    case 'Node':
      return E.right(admitNode(object))
    default:
      return E.right(object)
  }
}

// ---------------------------------------------------------------- updates

/** The plugins that set something on updates: a Pod cannot lose its tolerations of bad nodes. `next` is defaulted. */
export const admitOnUpdate = (next: UnstoredObject, context: Pick<AdmissionContext, 'tolerationSeconds'>): UnstoredObject => {
  if (next.kind !== 'Pod') return next
  const { spec = nothing } = next as Loose<Pod>
  const settings = addTolerations(spec.tolerations ?? [], context.tolerationSeconds ?? defaultTolerationSeconds)
  if (settings === nothing) return next
  const admitted: UnstoredObject & { readonly spec: object } = { ...next, spec: { ...spec, ...settings } }
  return admitted
}

type Amounts = { readonly [name: string]: string }

const storageOf = (claim: Loose<PersistentVolumeClaim>): string | undefined =>
  (claim.spec?.resources?.requests as Amounts | undefined)?.['storage']

/**
 * What plugins refuse after an update was found valid. Follows plugin/pkg/admission/storage/persistentvolume/resize/admission.go.
 */
export const refusalOfUpdate = (
  next: UnstoredObject,
  stored: UnstoredObject,
  { reader }: Pick<AdmissionContext, 'reader'>,
): ApiStatus | undefined => {
  if (next.kind !== 'PersistentVolumeClaim') return undefined
  const [claim, before] = [next as Loose<PersistentVolumeClaim>, stored as Loose<PersistentVolumeClaim>]
  if (compareQuantities(quantityOf(storageOf(claim)), quantityOf(storageOf(before))) <= 0) return undefined
  const refuse = (why: string): ApiStatus => forbidden('persistentvolumeclaims', next.metadata?.name ?? '', why)
  if (before.status?.phase !== 'Bound') return refuse('Only bound persistent volume claims can be expanded')
  const className = claim.metadata?.annotations?.[betaClass] ?? claim.spec?.storageClassName ?? ''
  if (className !== '' && reader.get('StorageClass', '', className)?.allowVolumeExpansion === true) return undefined
  return refuse('only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize')
}
