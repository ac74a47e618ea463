/**
 * What can have happened to an API object. Every API write is one or more of these facts; those of one write share its resourceVersion (`rv`),
 * and the first of them carries what changed. Kinds that matter have names of their own; the others are Objects.
 */
import * as t from 'io-ts'
import { namespaceIn } from '../api/object.js'
import { rememberedText } from '../kernel/remembered-text.js'

/** The names of the facts of creation and deletion, by Kubernetes kind. */
export const eventNouns: Readonly<Record<string, string>> = {
  Pod: 'Pod',
  StatefulSet: 'StatefulSet',
  Deployment: 'Deployment',
  ReplicaSet: 'ReplicaSet',
  ReplicationController: 'ReplicationController',
  DaemonSet: 'DaemonSet',
  Job: 'Job',
  ControllerRevision: 'Revision',
  Service: 'Service',
  Endpoints: 'Endpoints',
  EndpointSlice: 'EndpointSlice',
  PersistentVolumeClaim: 'Claim',
  PersistentVolume: 'Volume',
  StorageClass: 'StorageClass',
  PodDisruptionBudget: 'DisruptionBudget',
  Node: 'Node',
  Namespace: 'Namespace',
  Lease: 'Lease',
}

export const nounOf = (kubernetesKind: string): string => eventNouns[kubernetesKind] ?? 'Object'

const json = t.unknown
const difference = t.partial({
  /** JSON Pointer → new value. */
  set: t.record(t.string, json),
  /** JSON Pointers of what went away. */
  removed: t.readonlyArray(t.string),
})

const target = t.type({
  /** `Pod/default/web-0`, `Node//node-1`. */
  object: t.string,
  rv: t.number,
})

const createdKinds = t.keyof({
  PodCreated: null,
  StatefulSetCreated: null,
  DeploymentCreated: null,
  ReplicaSetCreated: null,
  ReplicationControllerCreated: null,
  DaemonSetCreated: null,
  JobCreated: null,
  RevisionCreated: null,
  ServiceCreated: null,
  EndpointsCreated: null,
  EndpointSliceCreated: null,
  ClaimCreated: null,
  VolumeCreated: null,
  StorageClassCreated: null,
  DisruptionBudgetCreated: null,
  NodeCreated: null,
  NamespaceCreated: null,
  LeaseCreated: null,
  ObjectCreated: null,
})

const changedKinds = t.keyof({
  PodScheduled: null,
  PodUnschedulable: null,
  PodStarted: null,
  PodBecameReady: null,
  PodBecameUnready: null,
  PodDeletionRequested: null,
  PodSucceeded: null,
  PodFailed: null,
  PodAdopted: null,
  PodReleased: null,
  PodChanged: null,
  PodStatusChanged: null,
  StatefulSetScaled: null,
  StatefulSetTemplateChanged: null,
  StatefulSetRolloutCompleted: null,
  StatefulSetDeletionRequested: null,
  StatefulSetChanged: null,
  StatefulSetStatusChanged: null,
  DeploymentScaled: null,
  DeploymentTemplateChanged: null,
  DeploymentDeletionRequested: null,
  DeploymentChanged: null,
  DeploymentStatusChanged: null,
  ReplicaSetScaled: null,
  ReplicaSetDeletionRequested: null,
  ReplicaSetChanged: null,
  ReplicaSetStatusChanged: null,
  ReplicationControllerScaled: null,
  ReplicationControllerDeletionRequested: null,
  ReplicationControllerChanged: null,
  ReplicationControllerStatusChanged: null,
  DaemonSetTemplateChanged: null,
  DaemonSetDeletionRequested: null,
  DaemonSetChanged: null,
  DaemonSetStatusChanged: null,
  JobCompleted: null,
  JobFailed: null,
  JobDeletionRequested: null,
  JobChanged: null,
  JobStatusChanged: null,
  RevisionRenumbered: null,
  RevisionDeletionRequested: null,
  RevisionChanged: null,
  ServiceDeletionRequested: null,
  ServiceChanged: null,
  ServiceStatusChanged: null,
  EndpointsDeletionRequested: null,
  EndpointsChanged: null,
  EndpointSliceDeletionRequested: null,
  EndpointSliceChanged: null,
  ClaimBound: null,
  ClaimLost: null,
  ClaimDeletionRequested: null,
  ClaimChanged: null,
  ClaimStatusChanged: null,
  VolumeBound: null,
  VolumeReleased: null,
  VolumeBecameAvailable: null,
  VolumeFailed: null,
  VolumeDeletionRequested: null,
  VolumeChanged: null,
  VolumeStatusChanged: null,
  StorageClassDeletionRequested: null,
  StorageClassChanged: null,
  DisruptionBudgetDeletionRequested: null,
  DisruptionBudgetChanged: null,
  DisruptionBudgetStatusChanged: null,
  NodeBecameReady: null,
  NodeBecameNotReady: null,
  NodeCordoned: null,
  NodeUncordoned: null,
  NodeTainted: null,
  NodeUntainted: null,
  NodeDeletionRequested: null,
  NodeChanged: null,
  NodeStatusChanged: null,
  NamespaceDeletionRequested: null,
  NamespaceChanged: null,
  NamespaceStatusChanged: null,
  LeaseRenewed: null,
  LeaseDeletionRequested: null,
  ObjectDeletionRequested: null,
  ObjectChanged: null,
})

const deletedKinds = t.keyof({
  PodDeleted: null,
  StatefulSetDeleted: null,
  DeploymentDeleted: null,
  ReplicaSetDeleted: null,
  ReplicationControllerDeleted: null,
  DaemonSetDeleted: null,
  JobDeleted: null,
  RevisionDeleted: null,
  ServiceDeleted: null,
  EndpointsDeleted: null,
  EndpointSliceDeleted: null,
  ClaimDeleted: null,
  VolumeDeleted: null,
  StorageClassDeleted: null,
  DisruptionBudgetDeleted: null,
  NodeDeleted: null,
  NamespaceDeleted: null,
  LeaseDeleted: null,
  ObjectDeleted: null,
})

/**
 * An object came to be. It says only how it differs from what is like it, where the store holds that (`template`: the owner and hash of a Pod's
 * template, or the kind; without it, what the command asked for that was received just before); otherwise it carries the accepted object.
 * With `uid`, the name, namespace and time of its own are as the path and the time of the event say.
 */
export const ObjectCreated = t.intersection([
  t.type({ kind: createdKinds }),
  target,
  t.partial({ manifest: json, template: t.string, uid: t.string }),
  difference,
])
/**
 * An object changed. Further facts of the same write have the same rv and no difference. `like`: the difference is from the object with the
 * first status that a Pod of its template had.
 */
export const ObjectChanged = t.intersection([t.type({ kind: changedKinds }), target, t.partial({ like: t.literal('status') }), difference])
export const ObjectDeleted = t.intersection([t.type({ kind: deletedKinds }), target])

/**
 * Somebody told people something: a core/v1 Event came to be. It is about the object of the path `about`; `involved` has what is not as the
 * object stored there has it (or, without `about`, all). `action` is there with the newer events API only; `told` is the message as it was
 * told when the Event combines similar ones.
 */
export const KubernetesEventRecorded = t.intersection([
  t.type({
    kind: t.literal('KubernetesEventRecorded'),
    object: t.string,
    rv: t.number,
    uid: t.string,
    type: t.string,
    reason: t.string,
    message: t.string,
    component: t.string,
  }),
  t.partial({
    about: t.string,
    involved: t.readonly(t.record(t.string, t.string)),
    host: t.string,
    action: t.string,
    told: t.string,
  }),
])
/** The same was told again: the Event is counted up, perhaps with the newest message. */
export const KubernetesEventRepeated = t.intersection([
  t.type({ kind: t.literal('KubernetesEventRepeated'), object: t.string, rv: t.number, message: t.string }),
  t.partial({ told: t.string }),
])

export type ObjectCreated = t.TypeOf<typeof ObjectCreated>
export type ObjectChanged = t.TypeOf<typeof ObjectChanged>
export type ObjectDeleted = t.TypeOf<typeof ObjectDeleted>
export type KubernetesEventRecorded = t.TypeOf<typeof KubernetesEventRecorded>
export type KubernetesEventRepeated = t.TypeOf<typeof KubernetesEventRepeated>
export type ObjectEvent = ObjectCreated | ObjectChanged | ObjectDeleted | KubernetesEventRecorded | KubernetesEventRepeated

/** The name of what people were told about. */
export const subjectNameOf = ({ about, involved }: KubernetesEventRecorded): string =>
  about === undefined ? (involved?.['name'] ?? '') : splitObjectPath(about).name

export type CreatedKind = ObjectCreated['kind']
export type ChangedKind = ObjectChanged['kind']
export type DeletedKind = ObjectDeleted['kind']

// The keys of a codec's table are its literals.
export const createdEventKinds = Object.keys(createdKinds.keys) as readonly CreatedKind[]
export const changedEventKinds = Object.keys(changedKinds.keys) as readonly ChangedKind[]
export const deletedEventKinds = Object.keys(deletedKinds.keys) as readonly DeletedKind[]

const byNoun = <Kind extends string>(kinds: readonly Kind[], ending: string): ReadonlyMap<string, Kind> =>
  new Map(kinds.map((kind) => [kind.slice(0, -ending.length), kind]))
const createdByNoun = byNoun(createdEventKinds, 'Created')
const deletedByNoun = byNoun(deletedEventKinds, 'Deleted')
const changedByName: ReadonlyMap<string, ChangedKind> = new Map(changedEventKinds.map((kind) => [kind, kind]))

// Every event is asked for its kind many times. A text that is put together anew must be hashed and compared letter by letter each time; the
// literals are known by where they are.

/** `PodCreated` for Pods, `ObjectCreated` for what has no name of its own. */
export const createdKindOf = (kubernetesKind: string): CreatedKind => createdByNoun.get(nounOf(kubernetesKind)) ?? 'ObjectCreated'
export const deletedKindOf = (kubernetesKind: string): DeletedKind => deletedByNoun.get(nounOf(kubernetesKind)) ?? 'ObjectDeleted'
/** The kind of this name: the literal itself. */
export const changedKindNamed = <Name extends ChangedKind>(name: Name): Name => (changedByName.get(name) as Name | undefined) ?? name

type ChangeOfObject = 'created' | 'changed' | 'deleted'

const changesOfObjects: ReadonlyMap<string, ChangeOfObject> = new Map([
  ...createdEventKinds.map((kind) => [kind, 'created'] as const),
  ...changedEventKinds.map((kind) => [kind, 'changed'] as const),
  ...deletedEventKinds.map((kind) => [kind, 'deleted'] as const),
])

/** What events of this kind do to the object that they are about; undefined: they are not about one that is written. */
export const changeOfObject = (kind: string): ChangeOfObject | undefined => changesOfObjects.get(kind)

export const isObjectCreated = (event: { readonly kind: string }): event is ObjectCreated => changeOfObject(event.kind) === 'created'
export const isObjectChanged = (event: { readonly kind: string }): event is ObjectChanged => changeOfObject(event.kind) === 'changed'
export const isObjectDeleted = (event: { readonly kind: string }): event is ObjectDeleted => changeOfObject(event.kind) === 'deleted'

let lastTold: { readonly kind: string; readonly namespace: string; readonly name: string; readonly path: string } | undefined

/** `Pod/default/web-0` and back. (The last answer is kept: what happens to an object is told of in several events, which share the text.) */
export const objectPath = (kind: string, namespace: string, name: string): string => {
  if (lastTold?.name !== name || lastTold.kind !== kind || lastTold.namespace !== namespace)
    lastTold = { kind, namespace, name, path: `${kind}/${namespace}/${name}` }
  return lastTold.path
}

export interface SplitPath {
  readonly kind: string
  readonly namespace: string
  readonly name: string
  /** `default/web-0`, or `node-1` without a namespace. */
  readonly key: string
}

// The few texts that many paths begin with: one that is known by where it is need not be compared letter by letter in each table, nor kept
// once for each object.
const kindIn = rememberedText<string>((kind) => kind)

const split = (path: string): SplitPath => {
  const first = path.indexOf('/')
  const second = path.indexOf('/', first + 1)
  const namespace = namespaceIn(path, first + 1, second)
  const name = path.slice(second + 1)
  return { kind: kindIn(path.slice(0, first)), namespace, name, key: namespace === '' ? name : path.slice(first + 1) }
}

let lastPath = ''
let lastSplit: SplitPath = split('//')

/** (The last answer is kept: whoever looks at an event asks for the same path.) */
export const splitObjectPath = (path: string): SplitPath => {
  if (path !== lastPath) {
    lastSplit = split(path)
    lastPath = path
  }
  return lastSplit
}
