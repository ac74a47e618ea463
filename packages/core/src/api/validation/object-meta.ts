/** Rules of metadata. Follows apimachinery/pkg/api/validation/objectmeta.go and validateKubeFinalizerName in pkg/apis/core/validation. */
import type { Json } from '../../kernel/json.js'
import type { ObjectMeta } from '../generated/types.js'
import { forbiddenField, immutableMessage, invalidValue, notNegative, required, tooLong, type Errors } from './field-errors.js'
import { asPrefix, complain, qualifiedName, type Complaints } from './names.js'
import { checkLabels } from './labels.js'

export type NameRule = (name: string) => Complaints

const annotationsLimit = 262_144

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

const byteLength = (text: string): number => {
  let bytes = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
  }
  return bytes
}

/** Follows ValidateAnnotations. Keys may have capitals in their prefix. */
export const checkAnnotations = (errors: Errors, field: string, annotations: { readonly [key: string]: string } | undefined): void => {
  if (annotations === undefined) return
  let size = 0
  for (const key of Object.keys(annotations).sort(compareText)) {
    complain(errors, field, key, qualifiedName(key.toLowerCase()))
    const value = annotations[key] ?? ''
    // The length in UTF-16 units is enough while it cannot be over the limit.
    size += value.length * 3 + key.length * 3
  }
  if (
    size > annotationsLimit &&
    Object.entries(annotations).reduce((sum, [key, value]) => sum + byteLength(key) + byteLength(value), 0) > annotationsLimit
  ) {
    errors.push(tooLong(field, annotationsLimit))
  }
}

const standardFinalizers: ReadonlySet<string> = new Set([
  'kubernetes',
  'orphan',
  'foregroundDeletion',
  'kubernetes.io/pvc-protection',
  'kubernetes.io/pv-protection',
])

const checkFinalizers = (errors: Errors, finalizers: readonly string[]): void => {
  for (const finalizer of finalizers) complain(errors, 'metadata.finalizers', finalizer, qualifiedName(finalizer))
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    errors.push(invalidValue('metadata.finalizers', [...finalizers], 'finalizer orphan and foregroundDeletion cannot be both set'))
  }
}

const checkKubernetesFinalizers = (errors: Errors, finalizers: readonly string[] | undefined): void => {
  for (const [index, finalizer] of (finalizers ?? []).entries()) {
    if (!finalizer.includes('/') && !standardFinalizers.has(finalizer)) {
      errors.push(
        invalidValue(`metadata.finalizers[${index}]`, finalizer, 'name is neither a standard finalizer name nor is it fully qualified'),
      )
    }
  }
}

const ownerOrder = ['apiVersion', 'kind', 'name', 'uid', 'controller', 'blockOwnerDeletion'] as const

type Owner = NonNullable<ObjectMeta['ownerReferences']>[number]

const ownerForm = (owner: Owner): Json =>
  Object.fromEntries(ownerOrder.filter((key) => owner[key] !== undefined).map((key) => [key, owner[key] ?? null]))

/** Of `v1` and `apps/v1`; what has more slashes has none. */
const hasVersion = (apiVersion: string): boolean => {
  const slash = apiVersion.indexOf('/')
  return slash < apiVersion.length - 1 && (slash < 0 || !apiVersion.includes('/', slash + 1))
}

const checkOwners = (errors: Errors, owners: readonly Owner[]): void => {
  const field = 'metadata.ownerReferences'
  let controller: Owner | undefined
  for (const owner of owners) {
    if (!hasVersion(owner.apiVersion)) errors.push(invalidValue(`${field}.apiVersion`, owner.apiVersion, 'version must not be empty'))
    if (owner.kind === '') errors.push(invalidValue(`${field}.kind`, owner.kind, 'must not be empty'))
    if (owner.name === '') errors.push(invalidValue(`${field}.name`, owner.name, 'must not be empty'))
    if (owner.uid === '') errors.push(invalidValue(`${field}.uid`, owner.uid, 'must not be empty'))
    if (owner.apiVersion === 'v1' && owner.kind === 'Event')
      errors.push(invalidValue(field, ownerForm(owner), '/v1, Kind=Event is disallowed from being an owner'))
    if (owner.controller !== true) continue
    if (controller !== undefined) {
      errors.push(
        invalidValue(
          field,
          owners.map(ownerForm),
          `Only one reference can have Controller set to true. Found "true" in references for ${controller.kind}/${controller.name} and ${owner.kind}/${owner.name}`,
        ),
      )
      return
    }
    controller = owner
  }
}

/** Follows ValidateObjectMeta. Kinds without namespaces have had theirs taken away before. */
export const checkObjectMeta = (errors: Errors, metadata: ObjectMeta | undefined, rule: NameRule): void => {
  const { name = '', generateName = '' } = metadata ?? {}
  if (generateName !== '') complain(errors, 'metadata.generateName', generateName, rule(asPrefix(generateName)))
  if (name === '') errors.push(required('metadata.name', 'name or generateName is required'))
  else complain(errors, 'metadata.name', name, rule(name))
  checkMetaContent(errors, metadata)
}

const checkMetaContent = (errors: Errors, metadata: ObjectMeta | undefined): void => {
  notNegative(errors, 'metadata.generation', metadata?.generation)
  checkLabels(errors, 'metadata.labels', metadata?.labels)
  checkAnnotations(errors, 'metadata.annotations', metadata?.annotations)
  if (metadata?.ownerReferences !== undefined) checkOwners(errors, metadata.ownerReferences)
  if (metadata?.finalizers !== undefined) {
    checkFinalizers(errors, metadata.finalizers)
    checkKubernetesFinalizers(errors, metadata.finalizers)
  }
}

const checkFixed = (errors: Errors, field: string, next: string | undefined, stored: string | undefined, empty: Json): void => {
  if ((next ?? '') !== (stored ?? '')) errors.push(invalidValue(field, next ?? empty, immutableMessage))
}

/** Follows ValidateObjectMetaAccessorUpdate. */
export const checkObjectMetaUpdate = (errors: Errors, next: ObjectMeta | undefined, stored: ObjectMeta): void => {
  // The very metadata that are stored: they have passed all that follows.
  if (next === stored) return
  const metadata = next ?? {}
  // While an object is being deleted its finalizers may only be taken away.
  if (stored.deletionTimestamp !== undefined) {
    const added = (metadata.finalizers ?? []).filter((finalizer) => !(stored.finalizers ?? []).includes(finalizer))
    if (added.length > 0) {
      errors.push(
        forbiddenField(
          'metadata.finalizers',
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((text) => JSON.stringify(text)).join(', ')}}`,
        ),
      )
    }
  }
  if ((metadata.generation ?? 0) < (stored.generation ?? 0))
    errors.push(invalidValue('metadata.generation', metadata.generation ?? 0, 'must not be decremented'))
  checkFixed(errors, 'metadata.name', metadata.name, stored.name, '')
  checkFixed(errors, 'metadata.namespace', metadata.namespace, stored.namespace, '')
  checkFixed(errors, 'metadata.uid', metadata.uid, stored.uid, '')
  checkFixed(errors, 'metadata.creationTimestamp', metadata.creationTimestamp, stored.creationTimestamp, null)
  checkFixed(errors, 'metadata.deletionTimestamp', metadata.deletionTimestamp, stored.deletionTimestamp, null)
  if (metadata.deletionGracePeriodSeconds !== stored.deletionGracePeriodSeconds) {
    errors.push(invalidValue('metadata.deletionGracePeriodSeconds', metadata.deletionGracePeriodSeconds ?? 'null', immutableMessage))
  }
  // What is stored has passed the rest.
  if (metadata.labels !== stored.labels) checkLabels(errors, 'metadata.labels', metadata.labels)
  if (metadata.annotations !== stored.annotations) checkAnnotations(errors, 'metadata.annotations', metadata.annotations)
  if (metadata.ownerReferences !== undefined && metadata.ownerReferences !== stored.ownerReferences)
    checkOwners(errors, metadata.ownerReferences)
  if (metadata.finalizers !== undefined && metadata.finalizers !== stored.finalizers) {
    checkFinalizers(errors, metadata.finalizers)
    checkKubernetesFinalizers(errors, metadata.finalizers)
  }
}
