/** Claims, volumes and classes. Follows pkg/apis/core/validation/validation.go and pkg/apis/storage/validation/validation.go (v1.36). */
import type { Json } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import type { PersistentVolume, PersistentVolumeClaim, PersistentVolumeClaimSpec, StorageClass } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { compareQuantities, quantityOf, zeroQuantity } from '../quantity.js'
import { duplicate, forbiddenField, immutableMessage, invalidValue, notSupported, required, type Errors } from './field-errors.js'
import { internalForm, plainForm } from './internal-form.js'
import { checkLabelName } from './labels.js'
import { differenceText } from './line-difference.js'
import { complain, dnsSubdomain, qualifiedName } from './names.js'
import { checkNodeSelector } from './pod-spec.js'
import {
  checkAccessModes,
  checkBasicResource,
  checkClaimSpec,
  checkPersistentVolumeSource,
  checkVolumeMode,
  persistentVolumeSourceNames,
} from './volumes.js'
import { checkChangedMeta, checkNewMeta } from './workloads.js'

type Amounts = { readonly [name: string]: string }
type LooseClaimSpec = Loose<PersistentVolumeClaimSpec>

const same = (left: unknown, right: unknown): boolean => left === right || deepEqual(left as Json | undefined, right as Json | undefined)

// ---------------------------------------------------------------- PersistentVolumeClaim

export const checkNewClaim = (errors: Errors, claim: Loose<PersistentVolumeClaim>): void => {
  checkNewMeta(errors, claim, dnsSubdomain)
  checkClaimSpec(errors, 'spec', claim.spec ?? {})
}

const betaClass = 'volume.beta.kubernetes.io/storage-class'

const withField = <K extends keyof LooseClaimSpec>(spec: LooseClaimSpec, name: K, value: LooseClaimSpec[K] | undefined): LooseClaimSpec => {
  if (spec[name] === value) return spec
  const { [name]: _, ...rest } = spec
  return value === undefined ? rest : { ...rest, [name]: value }
}

// Follows ValidatePersistentVolumeClaimUpdate.
export const checkClaimUpdate = (errors: Errors, next: Loose<PersistentVolumeClaim>, stored: Loose<PersistentVolumeClaim>): void => {
  checkChangedMeta(errors, next, stored)
  const [after, before] = [next.spec ?? {}, stored.spec ?? {}]
  const [nowBeta, oldBeta] = [next.metadata?.annotations?.[betaClass], stored.metadata?.annotations?.[betaClass]]
  if (after !== before) checkClaimSpec(errors, 'spec', after)
  let [left, right] = [before, after]
  if ((before.volumeName ?? '') === '') left = withField(left, 'volumeName', after.volumeName)
  const fromAnnotation =
    oldBeta !== undefined &&
    before.storageClassName === undefined &&
    after.storageClassName === oldBeta &&
    (nowBeta === undefined || nowBeta === oldBeta)
  if (fromAnnotation) right = withField(right, 'storageClassName', undefined)
  else {
    if (nowBeta !== oldBeta) errors.push(invalidValue(`metadata.annotations.${betaClass}`, nowBeta ?? '', immutableMessage))
    const fromNothing =
      after.storageClassName !== undefined &&
      before.storageClassName === undefined &&
      (oldBeta === undefined || after.storageClassName === oldBeta)
    if (fromNothing) right = withField(right, 'storageClassName', undefined)
  }
  const [oldRequests, nowRequests] = [(before.resources?.requests ?? {}) as Amounts, (after.resources?.requests ?? {}) as Amounts]
  const bound = next.status?.phase === 'Bound'
  if (bound && after.resources?.requests !== undefined && nowRequests['storage'] !== oldRequests['storage']) {
    right = withField(right, 'resources', {
      ...after.resources,
      requests: { ...nowRequests, ...(oldRequests['storage'] === undefined ? undefined : { storage: oldRequests['storage'] }) },
    })
  }
  if (bound && after.volumeAttributesClassName !== undefined)
    right = withField(right, 'volumeAttributesClassName', before.volumeAttributesClassName)
  if (!same(right, left)) {
    errors.push(
      forbiddenField(
        'spec',
        `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${differenceText(internalForm(left, 'PersistentVolumeClaimSpec'), internalForm(right, 'PersistentVolumeClaimSpec'))}`,
      ),
    )
  }
  const [now, old] = [quantityOf(nowRequests['storage']), quantityOf(oldRequests['storage'])]
  const has = quantityOf((stored.status?.capacity as Amounts | undefined)?.['storage'])
  if (compareQuantities(now, old) < 0 && compareQuantities(now, has) <= 0)
    errors.push(forbiddenField('spec.resources.requests.storage', 'field can not be less than status.capacity'))
  if (after.volumeMode !== before.volumeMode) errors.push(invalidValue('volumeMode', after.volumeMode ?? 'null', immutableMessage))
  if (before.volumeAttributesClassName !== undefined && after.volumeAttributesClassName !== before.volumeAttributesClassName) {
    if (after.volumeAttributesClassName === undefined)
      errors.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to nil is forbidden'))
    else if (after.volumeAttributesClassName === '')
      errors.push(forbiddenField('spec.volumeAttributesClassName', 'update from non-nil value to an empty string is forbidden'))
  }
}

const checkCapacity = (errors: Errors, capacity: Amounts | undefined): void => {
  for (const [name, amount] of Object.entries(capacity ?? {})) checkBasicResource(errors, `status.capacity[${name}]`, amount)
}

export const checkClaimStatus = (errors: Errors, next: Loose<PersistentVolumeClaim>, stored: Loose<PersistentVolumeClaim>): void => {
  checkChangedMeta(errors, next, stored)
  checkCapacity(errors, next.status?.capacity as Amounts | undefined)
}

// ---------------------------------------------------------------- PersistentVolume

const reclaimPolicies = ['Delete', 'Recycle', 'Retain']

// Follows ValidatePersistentVolumeSpec.
const checkVolumeSpec = (errors: Errors, spec: NonNullable<Loose<PersistentVolume>['spec']>): void => {
  const modes = spec.accessModes ?? []
  if (modes.length === 0) errors.push(required('spec.accessModes'))
  checkAccessModes(errors, 'spec.accessModes', modes)
  const capacity = (spec.capacity ?? {}) as Amounts
  const names = Object.keys(capacity).sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  if (names.length === 0) errors.push(required('spec.capacity'))
  if (capacity['storage'] === undefined || names.length > 1)
    errors.push(notSupported('spec.capacity', names.length === 0 ? null : plainForm(capacity), ['storage']))
  for (const name of names) {
    const amount = capacity[name] ?? '0'
    checkBasicResource(errors, `spec.capacity[${name}]`, amount)
    if (compareQuantities(quantityOf(amount), zeroQuantity) <= 0)
      errors.push(invalidValue(`spec.capacity[${name}]`, amount, 'must be greater than zero'))
  }
  const policy = spec.persistentVolumeReclaimPolicy ?? ''
  if (policy !== '' && !reclaimPolicies.includes(policy))
    errors.push(notSupported('spec.persistentVolumeReclaimPolicy', policy, reclaimPolicies))
  const { nodeAffinity } = spec
  if (nodeAffinity !== undefined) {
    if (nodeAffinity.required === undefined) errors.push(required('spec.nodeAffinity.required', 'must specify required node constraints'))
    else checkNodeSelector(errors, 'spec.nodeAffinity.required', nodeAffinity.required)
  }
  checkPersistentVolumeSource(errors, 'spec', spec, (name) => {
    if (name === 'local' && nodeAffinity === undefined) errors.push(required('spec.nodeAffinity', 'Local volume requires node affinity'))
  })
  if (spec.hostPath?.path !== undefined && /^\/+$/.test(spec.hostPath.path) && policy === 'Recycle') {
    errors.push(forbiddenField('spec.persistentVolumeReclaimPolicy', "may not be 'recycle' for a hostPath mount of '/'"))
  }
  if ((spec.storageClassName ?? '') !== '')
    complain(errors, 'spec.storageClassName', spec.storageClassName ?? '', dnsSubdomain(spec.storageClassName ?? ''))
  checkVolumeMode(errors, 'spec.volumeMode', spec.volumeMode)
  const attributes = spec.volumeAttributesClassName
  if (attributes !== undefined) {
    if (attributes === '') errors.push(required('spec.volumeAttributesClassName', 'an empty string is disallowed'))
    else complain(errors, 'spec.volumeAttributesClassName', attributes, dnsSubdomain(attributes))
    if (spec.csi === undefined) errors.push(required('spec.csi', 'has to be specified when using volumeAttributesClassName'))
  }
}

export const checkNewVolume = (errors: Errors, volume: Loose<PersistentVolume>): void => {
  checkNewMeta(errors, volume, dnsSubdomain)
  checkVolumeSpec(errors, volume.spec ?? {})
}

type VolumeSpec = NonNullable<Loose<PersistentVolume>['spec']>

const sourceOf = (spec: VolumeSpec): object =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => persistentVolumeSourceNames.includes(name)))

// Follows ValidatePersistentVolumeUpdate; the strategy looks at the metadata as a whole again.
export const checkVolumeUpdate = (errors: Errors, next: Loose<PersistentVolume>, stored: Loose<PersistentVolume>): void => {
  const [after, before] = [next.spec ?? {}, stored.spec ?? {}]
  checkChangedMeta(errors, next, stored)
  if (after === before) return
  checkVolumeSpec(errors, after)
  const [now, old] = [sourceOf(after), sourceOf(before)]
  if (!same(now, old)) {
    errors.push(
      forbiddenField(
        'spec.persistentvolumesource',
        `spec.persistentvolumesource is immutable after creation\n${differenceText(internalForm(old, 'PersistentVolumeSource'), internalForm(now, 'PersistentVolumeSource'))}`,
      ),
    )
  }
  if (after.volumeMode !== before.volumeMode) errors.push(invalidValue('volumeMode', after.volumeMode ?? 'null', immutableMessage))
  if (before.nodeAffinity !== undefined && !same(after.nodeAffinity, before.nodeAffinity))
    errors.push(invalidValue('nodeAffinity', (after.nodeAffinity ?? 'null') as Json, immutableMessage))
}

export const checkVolumeStatus = (errors: Errors, next: Loose<PersistentVolume>, stored: Loose<PersistentVolume>): void =>
  checkChangedMeta(errors, next, stored)

// ---------------------------------------------------------------- StorageClass

const bindingModes = ['Immediate', 'WaitForFirstConsumer']

const checkClassContent = (errors: Errors, storageClass: Loose<StorageClass>): void => {
  const provisioner = storageClass.provisioner ?? ''
  if (provisioner === '') errors.push(required('provisioner'))
  else complain(errors, 'provisioner', provisioner.toLowerCase(), qualifiedName(provisioner.toLowerCase()))
  for (const key of Object.keys(storageClass.parameters ?? {}))
    if (key === '') errors.push(invalidValue('parameters', '', 'field can not be empty.'))
  const policy = storageClass.reclaimPolicy ?? ''
  if (policy !== '' && policy !== 'Delete' && policy !== 'Retain') errors.push(notSupported('reclaimPolicy', policy, ['Delete', 'Retain']))
  const mode = storageClass.volumeBindingMode
  if (mode === undefined) errors.push(required('volumeBindingMode'))
  else if (!bindingModes.includes(mode)) errors.push(notSupported('volumeBindingMode', mode, bindingModes))
  for (const [index, term] of (storageClass.allowedTopologies ?? []).entries()) {
    const keys = new Set<string>()
    for (const [at, { key = '', values = [] }] of (term.matchLabelExpressions ?? []).entries()) {
      const path = `allowedTopologies[${index}].matchLabelExpressions[${at}]`
      if (values.length === 0) errors.push(required(`${path}.values`))
      for (const [position, value] of values.entries())
        if (values.indexOf(value) < position) errors.push(duplicate(`${path}.values[${position}]`, value))
      checkLabelName(errors, `${path}.key`, key)
      if (keys.has(key)) errors.push(duplicate(`${path}.key`, key))
      keys.add(key)
    }
  }
}

export const checkNewStorageClass = (errors: Errors, storageClass: Loose<StorageClass>): void => {
  checkNewMeta(errors, storageClass, dnsSubdomain)
  checkClassContent(errors, storageClass)
}

export const checkStorageClassUpdate = (errors: Errors, next: Loose<StorageClass>, stored: Loose<StorageClass>): void => {
  checkChangedMeta(errors, next, stored)
  const fixed = (name: 'parameters' | 'provisioner' | 'reclaimPolicy' | 'volumeBindingMode'): void => {
    if (!same(next[name], stored[name])) errors.push(invalidValue(name, plainForm((next[name] ?? null) as Json), immutableMessage))
  }
  fixed('parameters')
  fixed('provisioner')
  fixed('reclaimPolicy')
  fixed('volumeBindingMode')
}
