/** POST: decoding, admission, defaulting, validation and the registry's own work, in the API server's order. */
import * as E from 'fp-ts/lib/Either.js'
import { admitOnCreate } from '../api/admission/admit.js'
import { alreadyExists, badRequest, invalid, type ApiStatus } from '../api/api-status.js'
import { withDefaults } from '../api/defaults/defaults.js'
import { prepareForCreate } from '../api/defaults/prepare.js'
import type { ObjectMeta } from '../api/generated/types.js'
import { keyOf, type KubernetesObject, type UnstoredObject } from '../api/object.js'
import { isNamespaced, qualifiedKind, qualifiedResource } from '../api/resources.js'
import { validateCreate } from '../api/validation/validate.js'
import type { Mutable } from '../kernel/mutable.js'
import { extended } from '../kernel/extended.js'
import type { DecideContext } from '../kernel/decider.js'
import { timestampOf } from '../kernel/sim-time.js'
import { asStored, creationOf } from './decide-write.js'
import { drawSuffix, drawUid } from './draws.js'
import type { ClusterEvent } from './events.js'
import { allocateServiceAddresses } from './service-addresses.js'
import { readerOf, storeOf, type ClusterSettings, type ClusterState } from './state.js'
import { findObject } from './store.js'

export interface Decision {
  readonly events: readonly ClusterEvent[]
  /** The object as it is stored then (without the new resourceVersion when `events` is empty). */
  readonly object: KubernetesObject
}

/** Names that are taken are tried again with another suffix, as often as registry/generic/registry/store.go does. */
const suffixAttempts = 8

const namedFrom = (
  object: UnstoredObject,
  namespace: string,
  metadata: ObjectMeta,
  state: ClusterState,
  context: DecideContext,
): string => {
  if (metadata.name !== undefined && metadata.name !== '') return metadata.name
  const prefix = metadata.generateName ?? ''
  if (prefix === '') return ''
  let name = prefix
  for (let attempt = 0; attempt < suffixAttempts; attempt += 1) {
    name = `${prefix.slice(0, 58)}${drawSuffix(context.choose, `${object.kind}/${namespace}/${prefix}#${state.revision}.${attempt}`)}`
    if (findObject(storeOf(state, object.kind), keyOf(namespace, name)) === undefined) return name
  }
  return name
}

/** A copy without what only the server sets. */
const metadataToStore = (given: ObjectMeta): Mutable<ObjectMeta> => {
  const kept: { [field: string]: unknown } = {}
  for (const field in given) if (!setByServer.has(field)) kept[field] = given[field as keyof ObjectMeta]
  return kept as Mutable<ObjectMeta>
}

// The namespace comes again, after what was asked for: that is its place in the log.
const setByServer: ReadonlySet<string> = new Set([
  'namespace',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
])

/** An object that lived in another cluster keeps what that cluster's server counted and marked; a Node its taints, too. */
const asItWas = <T extends UnstoredObject>(prepared: T, sent: UnstoredObject): T => {
  const { generation, annotations } = sent.metadata ?? {}
  return {
    ...prepared,
    metadata: {
      ...prepared.metadata,
      ...(generation === undefined ? undefined : { generation }),
      ...(annotations === undefined ? undefined : { annotations }),
    },
    ...(sent.kind === 'Node' && 'spec' in sent ? { spec: sent.spec } : undefined),
  }
}

/** `received`: the object as the command brought it. */
export const decideCreate = (
  sent: UnstoredObject,
  state: ClusterState,
  context: DecideContext,
  settings: ClusterSettings,
  received?: object,
): E.Either<ApiStatus, Decision> => {
  const given = sent.metadata ?? {}
  const isImported = context.actor === 'import'
  const namespaced = isNamespaced(sent.kind)
  const namespace = namespaced ? (given.namespace ?? 'default') : ''
  if (given.resourceVersion !== undefined && given.resourceVersion !== '')
    return E.left(badRequest('resourceVersion should not be set on objects to be created'))
  const name = namedFrom(sent, namespaced ? namespace : (given.namespace ?? ''), given, state, context)
  const metadata = metadataToStore(given)
  if (name !== '') metadata.name = name
  if (namespaced) metadata.namespace = namespace
  metadata.uid =
    given.uid !== undefined && isImported ? given.uid : drawUid(context.choose, `${sent.kind}/${namespace}/${name}#${state.revision + 1}`)
  metadata.creationTimestamp = given.creationTimestamp !== undefined && isImported ? given.creationTimestamp : timestampOf(context.now)
  const defaulted = withDefaults(extended(sent, { metadata }))
  const admitted = admitOnCreate(
    defaulted,
    { reader: readerOf(state), now: context.now, choose: context.choose, tolerationSeconds: settings.tolerationSeconds },
    qualifiedResource(sent.kind),
  )
  if (E.isLeft(admitted)) return admitted
  const prepared = isImported ? asItWas(prepareForCreate(admitted.right), sent) : prepareForCreate(admitted.right)
  const errors = validateCreate(prepared)
  const shownName = name === '' ? (given.generateName ?? '') : name
  if (errors.length > 0) return E.left(invalid(qualifiedKind(sent.kind), shownName, errors))
  const addressed = allocateServiceAddresses(prepared, readerOf(state), context.choose, settings.serviceNetwork)
  if (E.isLeft(addressed)) return addressed
  if (findObject(storeOf(state, sent.kind), keyOf(namespace, name)) !== undefined)
    return E.left(alreadyExists(qualifiedResource(sent.kind), name))
  const rv = state.revision + 1
  const object = asStored(addressed.right)
  return E.right({ events: [creationOf(state, object, rv, context.now, received)], object })
}
