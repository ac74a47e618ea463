/** Volumes of Pods and the sources they share with PersistentVolumes. Follows ValidateVolumes and validate…VolumeSource in pkg/apis/core/validation/validation.go. */
import type { KeyToPath, PersistentVolumeClaimSpec, PersistentVolumeClaimTemplate, Volume } from '../generated/types.js'
import type { Loose } from '../loose.js'
import { compareQuantities, integerValueOf, quantityOf, zeroQuantity } from '../quantity.js'
import { duplicate, forbiddenField, invalidValue, notSupported, required, type Errors } from './field-errors.js'
import { checkAnnotations } from './object-meta.js'
import { checkLabelSelector, checkLabels } from './labels.js'
import { complain, dnsLabel, dnsSubdomain, qualifiedName } from './names.js'

type LooseVolume = Loose<Volume>

const modeSentence = 'must be a number between 0 and 0777 (octal), both inclusive'

const checkMode = (errors: Errors, field: string, mode: number | undefined): void => {
  if (mode !== undefined && (mode < 0 || mode > 0o777)) errors.push(invalidValue(field, mode, modeSentence))
}

const need = (errors: Errors, field: string, value: string | undefined): void => {
  if ((value ?? '') === '') errors.push(required(field))
}

/** Follows validatePathNoBacksteps. */
const checkNoBacksteps = (errors: Errors, field: string, path: string): void => {
  if (path.split('/').includes('..')) errors.push(invalidValue(field, path, "must not contain '..'"))
}

/** Follows validateLocalDescendingPath. */
export const checkDescendingPath = (errors: Errors, field: string, path: string): void => {
  if (path.startsWith('/')) errors.push(invalidValue(field, path, 'must be a relative path'))
  checkNoBacksteps(errors, field, path)
}

// Follows ValidateLocalNonReservedPath.
const checkFilePath = (errors: Errors, field: string, path: string): void => {
  checkDescendingPath(errors, field, path)
  if (path.startsWith('..') && !path.startsWith('../')) errors.push(invalidValue(field, path, "must not start with '..'"))
}

const checkItems = (errors: Errors, field: string, items: readonly Loose<KeyToPath>[] | undefined): void => {
  for (const [index, item] of (items ?? []).entries()) {
    const path = `${field}[${index}]`
    need(errors, `${path}.key`, item.key)
    need(errors, `${path}.path`, item.path)
    checkFilePath(errors, `${path}.path`, item.path ?? '')
    checkMode(errors, `${path}.mode`, item.mode)
  }
}

// ---------------------------------------------------------------- what a Pod may say about itself

const environmentFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]
const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid']
const resourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
]
const knownFields: ReadonlySet<string> = new Set([
  ...environmentFields,
  ...volumeFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'spec.host',
])

/** Follows validateObjectFieldSelector. */
export const checkFieldReference = (
  errors: Errors,
  field: string,
  reference: { readonly apiVersion?: string; readonly fieldPath?: string },
  where: 'environment' | 'volume',
): void => {
  const { apiVersion = '', fieldPath = '' } = reference
  if (apiVersion === '') {
    errors.push(required(`${field}.apiVersion`))
    return
  }
  if (fieldPath === '') {
    errors.push(required(`${field}.fieldPath`))
    return
  }
  const wrong = (why: string): void => {
    errors.push(invalidValue(`${field}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`))
  }
  if (apiVersion !== 'v1') return wrong(`unsupported pod version: ${apiVersion}`)
  const subscript = /^(.+)\['(.*)'\]$/.exec(fieldPath)
  if (subscript !== null) {
    const [, path = '', key = ''] = subscript
    if (path === 'metadata.annotations') complain(errors, field, key.toLowerCase(), qualifiedName(key.toLowerCase()))
    else if (path === 'metadata.labels') complain(errors, field, key, qualifiedName(key))
    else wrong(`field label does not support subscript: ${fieldPath}`)
    return
  }
  if (!knownFields.has(fieldPath)) return wrong(`field label not supported: ${fieldPath}`)
  const allowed = where === 'environment' ? environmentFields : volumeFields
  if (!allowed.includes(fieldPath)) errors.push(notSupported(`${field}.fieldPath`, fieldPath, allowed))
}

const byteUnits = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei']
const byteSentence = `only divisor's values ${byteUnits.join(', ')} are supported with the`

/** Follows validateContainerResourceFieldSelector. */
export const checkResourceReference = (
  errors: Errors,
  field: string,
  reference: { readonly containerName?: string; readonly resource?: string; readonly divisor?: string },
  where: 'environment' | 'volume',
): void => {
  const { containerName = '', resource = '', divisor = '0' } = reference
  const huge = resource.startsWith('requests.hugepages-') || resource.startsWith('limits.hugepages-')
  if (where === 'volume' && containerName === '') errors.push(required(`${field}.containerName`))
  else if (resource === '') errors.push(required(`${field}.resource`))
  else if (!resourceFields.includes(resource) && !huge) errors.push(notSupported(`${field}.resource`, resource, resourceFields))
  if (compareQuantities(quantityOf(divisor), zeroQuantity) === 0) return
  const wrong = (why: string): void => {
    errors.push(invalidValue(`${field}.divisor`, resource, why))
  }
  if (resource.endsWith('.cpu')) {
    if (divisor !== '1m' && divisor !== '1') wrong("only divisor's values 1m and 1 are supported with the cpu resource")
  } else if (!byteUnits.includes(divisor)) {
    if (resource.endsWith('.memory')) wrong(`${byteSentence} memory resource`)
    else if (resource.endsWith('.ephemeral-storage')) wrong(`${byteSentence} local ephemeral storage resource`)
    else if (huge) wrong(`${byteSentence} hugepages resource`)
  }
}

type DownwardItem = NonNullable<NonNullable<LooseVolume['downwardAPI']>['items']>[number]

const checkDownwardItem = (errors: Errors, field: string, item: DownwardItem): void => {
  need(errors, `${field}.path`, item.path)
  checkFilePath(errors, `${field}.path`, item.path ?? '')
  if (item.fieldRef !== undefined) {
    checkFieldReference(errors, `${field}.fieldRef`, item.fieldRef, 'volume')
    if (item.resourceFieldRef !== undefined)
      errors.push(invalidValue(field, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'))
  } else if (item.resourceFieldRef !== undefined)
    checkResourceReference(errors, `${field}.resourceFieldRef`, item.resourceFieldRef, 'volume')
  else errors.push(required(field, 'one of fieldRef and resourceFieldRef is required'))
  checkMode(errors, `${field}.mode`, item.mode)
}

// ---------------------------------------------------------------- claims as templates

const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod']
const volumeModes = ['Block', 'Filesystem']

/** Of claims and of volumes. */
export const checkAccessModes = (errors: Errors, field: string, modes: readonly string[]): void => {
  for (const mode of modes) if (!accessModes.includes(mode)) errors.push(notSupported(field, mode, accessModes))
  const others = modes.some((mode) => mode !== 'ReadWriteOncePod' && accessModes.includes(mode))
  if (modes.includes('ReadWriteOncePod') && others)
    errors.push(forbiddenField(field, 'may not use ReadWriteOncePod with other access modes'))
}

export const checkVolumeMode = (errors: Errors, field: string, mode: string | undefined): void => {
  if (mode !== undefined && !volumeModes.includes(mode)) errors.push(notSupported(field, mode, volumeModes))
}

type Amounts = { readonly [name: string]: string }

const soundClaims = new WeakSet<object>()

type DataSource = { readonly apiGroup?: string; readonly kind?: string; readonly name?: string; readonly namespace?: string }

const checkDataSource = (errors: Errors, field: string, source: DataSource): void => {
  need(errors, `${field}.name`, source.name)
  need(errors, `${field}.kind`, source.kind)
  const group = source.apiGroup ?? ''
  if (group === '' && source.kind !== 'PersistentVolumeClaim')
    errors.push(invalidValue(field, source.kind ?? '', "must be 'PersistentVolumeClaim' when referencing the default apiGroup"))
  if (group !== '') complain(errors, `${field}.apiGroup`, group, dnsSubdomain(group))
  if ((source.namespace ?? '') !== '') complain(errors, `${field}.namespace`, source.namespace ?? '', dnsLabel(source.namespace ?? ''))
}

/** Follows ValidatePersistentVolumeClaimSpec. */
export const checkClaimSpec = (errors: Errors, field: string, spec: Loose<PersistentVolumeClaimSpec>): void => {
  if (soundClaims.has(spec)) return
  const before = errors.length
  if ((spec.accessModes ?? []).length === 0) errors.push(required(`${field}.accessModes`, 'at least 1 access mode is required'))
  checkLabelSelector(errors, `${field}.selector`, spec.selector)
  checkAccessModes(errors, `${field}.accessModes`, spec.accessModes ?? [])
  const storage = (spec.resources?.requests as Amounts | undefined)?.['storage']
  if (storage === undefined) errors.push(required(`${field}.resources[storage]`))
  else if (compareQuantities(quantityOf(storage), zeroQuantity) <= 0)
    errors.push(invalidValue(`${field}.resources[storage]`, storage, 'must be greater than zero'))
  if ((spec.storageClassName ?? '') !== '')
    complain(errors, `${field}.storageClassName`, spec.storageClassName ?? '', dnsSubdomain(spec.storageClassName ?? ''))
  checkVolumeMode(errors, `${field}.volumeMode`, spec.volumeMode)
  if (spec.dataSource !== undefined) checkDataSource(errors, `${field}.dataSource`, spec.dataSource)
  if (spec.dataSourceRef !== undefined) checkDataSource(errors, `${field}.dataSourceRef`, spec.dataSourceRef)
  const attributes = spec.volumeAttributesClassName ?? ''
  if (attributes !== '') complain(errors, `${field}.volumeAttributesClassName`, attributes, dnsSubdomain(attributes))
  if (errors.length === before) soundClaims.add(spec)
}

// Follows ValidatePersistentVolumeClaimTemplate: labels and annotations are all the metadata it may have.
const checkClaimTemplate = (errors: Errors, field: string, template: Loose<PersistentVolumeClaimTemplate>): void => {
  checkAnnotations(errors, `${field}.metadata.annotations`, template.metadata?.annotations)
  checkLabels(errors, `${field}.metadata.labels`, template.metadata?.labels)
  for (const name of Object.keys(template.metadata ?? {})) {
    if (name !== 'annotations' && name !== 'labels') errors.push(forbiddenField(`${field}.metadata.${name}`, 'cannot be set'))
  }
  checkClaimSpec(errors, `${field}.spec`, template.spec ?? {})
}

// ---------------------------------------------------------------- sources

const byteRange = (errors: Errors, field: string, value: number | undefined, low: number): void => {
  if (value !== undefined && (value < low || value > 255))
    errors.push(invalidValue(field, value, `must be between ${low} and 255, inclusive`))
}

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket']

/** Follows validateCSIDriverName. */
const checkDriver = (errors: Errors, field: string, driver: string | undefined): void => {
  const name = driver ?? ''
  if (name === '') {
    errors.push(required(field))
    return
  }
  if (name.length > 63) errors.push({ field, reason: 'FieldValueTooLong', message: 'Too long: may not be more than 63 bytes' })
  complain(errors, field, name, dnsSubdomain(name.toLowerCase()))
}

const managedDisk = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}'
const blobDisk = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd'

type Source = { readonly [name: string]: unknown }
const text = (source: Source, name: string): string | undefined => {
  const value = source[name]
  return typeof value === 'string' ? value : undefined
}
const number = (source: Source, name: string): number | undefined => {
  const value = source[name]
  return typeof value === 'number' ? value : undefined
}
const length = (source: Source, name: string): number => {
  const value = source[name]
  return Array.isArray(value) ? value.length : 0
}

type SourceRule = (errors: Errors, field: string, source: Source) => void
const needs =
  (...names: readonly string[]): SourceRule =>
  (errors, field, source) => {
    for (const name of names) need(errors, `${field}.${name}`, text(source, name))
  }
const needsMonitors =
  (...names: readonly string[]): SourceRule =>
  (errors, field, source) => {
    if (length(source, 'monitors') === 0) errors.push(required(`${field}.monitors`))
    needs(...names)(errors, field, source)
  }

const checkIscsi: SourceRule = (errors, field, source) => {
  needs('targetPortal')(errors, field, source)
  const iqn = text(source, 'iqn') ?? ''
  const known = (value: string): boolean => /^(iqn|eui|naa)/.test(value)
  if (iqn === '') errors.push(required(`${field}.iqn`))
  else if (!known(iqn)) errors.push(invalidValue(`${field}.iqn`, iqn, 'must be valid format starting with iqn, eui, or naa'))
  byteRange(errors, `${field}.lun`, number(source, 'lun'), 0)
  const initiator = text(source, 'initiatorName')
  if (initiator !== undefined && !known(initiator))
    errors.push(invalidValue(`${field}.initiatorname`, initiator, 'must be valid format starting with iqn, eui, or naa'))
}

const checkFibreChannel: SourceRule = (errors, field, source) => {
  const [targets, ids] = [length(source, 'targetWWNs'), length(source, 'wwids')]
  const sentence = 'must specify either targetWWNs or wwids, but not both'
  if (targets === 0 && ids === 0) errors.push(required(`${field}.targetWWNs`, sentence))
  if (targets > 0 && ids > 0) errors.push(invalidValue(`${field}.targetWWNs`, source['targetWWNs'] as string[], sentence))
  if (targets === 0) return
  if (number(source, 'lun') === undefined) errors.push(required(`${field}.lun`, 'lun is required if targetWWNs is specified'))
  else byteRange(errors, `${field}.lun`, number(source, 'lun'), 0)
}

const checkQuobyte: SourceRule = (errors, field, source) => {
  const sentence = 'must be a host:port pair or multiple pairs separated by commas'
  const registry = text(source, 'registry') ?? ''
  if (registry === '') errors.push(required(`${field}.registry`, sentence))
  else if (registry.split(',').some((pair) => !/^[^:]*:[^:]*$/.test(pair)))
    errors.push(invalidValue(`${field}.registry`, registry, sentence))
  needs('volume')(errors, field, source)
}

const checkFlocker: SourceRule = (errors, field, source) => {
  const [name, id] = [text(source, 'datasetName') ?? '', text(source, 'datasetUUID') ?? '']
  if (name === '' && id === '') errors.push(required(field, 'one of datasetName and datasetUUID is required'))
  if (name !== '' && id !== '')
    errors.push(invalidValue(field, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'))
  if (name.includes('/')) errors.push(invalidValue(`${field}.datasetName`, name, "must not contain '/'"))
}

const checkAzureDisk: SourceRule = (errors, field, source) => {
  needs('diskName', 'diskURI')(errors, field, source)
  const [uri, mode, kind] = [text(source, 'diskURI') ?? '', text(source, 'cachingMode'), text(source, 'kind')]
  if (mode !== undefined && !['None', 'ReadOnly', 'ReadWrite'].includes(mode))
    errors.push(notSupported(`${field}.cachingMode`, mode, ['None', 'ReadOnly', 'ReadWrite']))
  if (kind !== undefined && !['Dedicated', 'Managed', 'Shared'].includes(kind))
    errors.push(notSupported(`${field}.kind`, kind, ['Dedicated', 'Managed', 'Shared']))
  if (kind === 'Managed' && !uri.startsWith('/subscriptions/')) errors.push(notSupported(`${field}.diskURI`, uri, [managedDisk]))
  if (kind !== undefined && kind !== 'Managed' && !uri.startsWith('https://'))
    errors.push(notSupported(`${field}.diskURI`, uri, [blobDisk]))
}

const checkNfs: SourceRule = (errors, field, source) => {
  needs('server', 'path')(errors, field, source)
  const path = text(source, 'path') ?? ''
  if (!path.startsWith('/')) errors.push(invalidValue(`${field}.path`, path, 'must be an absolute path'))
}

const checkHostPath: SourceRule = (errors, field, source) => {
  const path = text(source, 'path') ?? ''
  if (path === '') {
    errors.push(required(`${field}.path`))
    return
  }
  checkNoBacksteps(errors, `${field}.path`, path)
  const type = text(source, 'type')
  if (type !== undefined && !hostPathTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, hostPathTypes))
}

const partitioned =
  (name: string): SourceRule =>
  (errors, field, source) => {
    needs(name)(errors, field, source)
    byteRange(errors, `${field}.partition`, number(source, 'partition'), 0)
  }

interface SourceEntry {
  /** In the message that there is more than one source. */
  readonly label?: string
  /** In the messages about its fields. */
  readonly path?: string
  readonly check: SourceRule
}

/** Sources that Pods and PersistentVolumes have in common. */
const commonSources = {
  hostPath: { check: checkHostPath },
  gcePersistentDisk: { path: 'persistentDisk', check: partitioned('pdName') },
  awsElasticBlockStore: { check: partitioned('volumeID') },
  nfs: { check: checkNfs },
  iscsi: { check: checkIscsi },
  glusterfs: { check: needs('endpoints', 'path') },
  flocker: { check: checkFlocker },
  rbd: { check: needsMonitors('image') },
  cinder: { check: needs('volumeID') },
  cephfs: { label: 'cephFS', check: needsMonitors() },
  quobyte: { check: checkQuobyte },
  fc: { check: checkFibreChannel },
  flexVolume: { check: needs('driver') },
  azureFile: { check: needs('secretName', 'shareName') },
  vsphereVolume: { check: needs('volumePath') },
  photonPersistentDisk: { check: needs('pdID') },
  portworxVolume: { check: needs('volumeID') },
  azureDisk: { check: checkAzureDisk },
  storageos: { check: needs('volumeName') },
  scaleIO: { check: needs('gateway', 'system', 'volumeName') },
} as const satisfies { readonly [name: string]: SourceEntry }

const checkProjected: SourceRule = (errors, field, given) => {
  const source = given as NonNullable<LooseVolume['projected']>
  checkMode(errors, `${field}.defaultMode`, source.defaultMode)
  const paths = new Set<string>()
  const claim = (path: string | undefined, value: string): void => {
    if ((path ?? '') === '') return
    if (paths.has(path ?? '')) errors.push(invalidValue(field, value, 'conflicting duplicate paths'))
    paths.add(path ?? '')
  }
  for (const [index, projection] of (source.sources ?? []).entries()) {
    const path = `${field}.sources[${index}]`
    for (const kind of ['secret', 'configMap'] as const) {
      const projected = projection[kind]
      if (projected === undefined) continue
      need(errors, `${path}.${kind}.name`, projected.name)
      for (const [at, item] of (projected.items ?? []).entries()) {
        const found: Errors = []
        checkItems(found, `${path}.${kind}.items`, [item])
        errors.push(...found.map((error) => ({ ...error, field: error.field.replace('.items[0]', `.items[${at}]`) })))
        claim(item.path, projected.name ?? '')
      }
    }
    for (const item of projection.downwardAPI?.items ?? []) {
      checkDownwardItem(errors, `${path}.downwardAPI`, item)
      claim(item.path, item.path ?? '')
    }
    const token = projection.serviceAccountToken
    if (token !== undefined) {
      const seconds = token.expirationSeconds ?? 0
      if (seconds < 600)
        errors.push(
          invalidValue(`${path}.serviceAccountToken.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes'),
        )
      if (seconds > 4_294_967_296)
        errors.push(
          invalidValue(`${path}.serviceAccountToken.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds'),
        )
      if ((token.path ?? '') === '') errors.push(required(`${field}.path`))
      else checkFilePath(errors, `${field}.path`, token.path ?? '')
    }
    const bundle = projection.clusterTrustBundle
    if (bundle !== undefined) {
      if (bundle.name !== undefined && bundle.signerName !== undefined)
        errors.push(forbiddenField(`${path}.clusterTrustBundle`, 'only one of name and signerName may be used'))
      else if (bundle.name === undefined && bundle.signerName === undefined)
        errors.push(required(`${path}.clusterTrustBundle`, 'either name or signerName must be specified'))
      need(errors, `${path}.clusterTrustBundle.path`, bundle.path)
      checkFilePath(errors, `${path}.clusterTrustBundle.path`, bundle.path ?? '')
      claim(bundle.path, bundle.path ?? '')
    }
    if (Object.keys(projection).length > 1) errors.push(forbiddenField(path, 'may not specify more than 1 volume type per source'))
  }
}

const soundProjections = new WeakSet<object>()

const podSources: { readonly [name: string]: SourceEntry } = {
  emptyDir: {
    check: (errors, field, source) => {
      const limit = text(source, 'sizeLimit')
      if (limit !== undefined && compareQuantities(quantityOf(limit), zeroQuantity) < 0)
        errors.push(forbiddenField(`${field}.sizeLimit`, 'SizeLimit field must be a valid resource quantity'))
    },
  },
  hostPath: commonSources.hostPath,
  gitRepo: {
    check: (errors, field, source) => {
      needs('repository')(errors, field, source)
      checkDescendingPath(errors, `${field}.directory`, text(source, 'directory') ?? '')
    },
  },
  gcePersistentDisk: commonSources.gcePersistentDisk,
  awsElasticBlockStore: commonSources.awsElasticBlockStore,
  secret: {
    check: (errors, field, given) => {
      const source = given as NonNullable<LooseVolume['secret']>
      need(errors, `${field}.secretName`, source.secretName)
      checkMode(errors, `${field}.defaultMode`, source.defaultMode)
      checkItems(errors, `${field}.items`, source.items)
    },
  },
  nfs: commonSources.nfs,
  iscsi: commonSources.iscsi,
  glusterfs: commonSources.glusterfs,
  flocker: commonSources.flocker,
  persistentVolumeClaim: { check: needs('claimName') },
  rbd: commonSources.rbd,
  cinder: commonSources.cinder,
  cephfs: commonSources.cephfs,
  quobyte: commonSources.quobyte,
  downwardAPI: {
    label: 'downwarAPI',
    check: (errors, field, given) => {
      const source = given as NonNullable<LooseVolume['downwardAPI']>
      checkMode(errors, `${field}.defaultMode`, source.defaultMode)
      for (const item of source.items ?? []) checkDownwardItem(errors, field, item)
    },
  },
  fc: commonSources.fc,
  flexVolume: commonSources.flexVolume,
  configMap: {
    check: (errors, field, given) => {
      const source = given as NonNullable<LooseVolume['configMap']>
      need(errors, `${field}.name`, source.name)
      checkMode(errors, `${field}.defaultMode`, source.defaultMode)
      checkItems(errors, `${field}.items`, source.items)
    },
  },
  azureFile: commonSources.azureFile,
  vsphereVolume: commonSources.vsphereVolume,
  photonPersistentDisk: commonSources.photonPersistentDisk,
  portworxVolume: commonSources.portworxVolume,
  azureDisk: commonSources.azureDisk,
  storageos: commonSources.storageos,
  projected: {
    check: (errors, field, source) => {
      // One source of tokens stands in every Pod.
      if (soundProjections.has(source)) return
      const before = errors.length
      checkProjected(errors, field, source)
      if (errors.length === before) soundProjections.add(source)
    },
  },
  scaleIO: commonSources.scaleIO,
  csi: {
    check: (errors, field, source) => {
      checkDriver(errors, `${field}.driver`, text(source, 'driver'))
      const reference = source['nodePublishSecretRef'] as Source | undefined
      if (reference !== undefined) need(errors, `${field}.nodePublishSecretRef.name`, text(reference, 'name'))
    },
  },
  ephemeral: {
    check: (errors, field, given) => {
      const { volumeClaimTemplate } = given as NonNullable<LooseVolume['ephemeral']>
      if (volumeClaimTemplate === undefined) errors.push(required(`${field}.volumeClaimTemplate`))
      else checkClaimTemplate(errors, `${field}.volumeClaimTemplate`, volumeClaimTemplate)
    },
  },
  image: {
    check: (errors, field, source) => {
      const policy = text(source, 'pullPolicy') ?? ''
      if (!['Always', 'IfNotPresent', 'Never'].includes(policy))
        errors.push(notSupported(`${field}.pullPolicy`, policy, ['Always', 'IfNotPresent', 'Never']))
    },
  },
}

/** In the order in which ValidatePersistentVolumeSpec asks. */
const volumeSources: { readonly [name: string]: SourceEntry } = {
  hostPath: commonSources.hostPath,
  gcePersistentDisk: commonSources.gcePersistentDisk,
  awsElasticBlockStore: commonSources.awsElasticBlockStore,
  glusterfs: commonSources.glusterfs,
  flocker: commonSources.flocker,
  nfs: commonSources.nfs,
  rbd: commonSources.rbd,
  quobyte: commonSources.quobyte,
  cephfs: commonSources.cephfs,
  iscsi: commonSources.iscsi,
  cinder: commonSources.cinder,
  fc: commonSources.fc,
  flexVolume: commonSources.flexVolume,
  azureFile: commonSources.azureFile,
  vsphereVolume: commonSources.vsphereVolume,
  photonPersistentDisk: commonSources.photonPersistentDisk,
  portworxVolume: commonSources.portworxVolume,
  azureDisk: commonSources.azureDisk,
  scaleIO: commonSources.scaleIO,
  local: {
    check: (errors, field, source) => {
      const path = text(source, 'path') ?? ''
      if (path === '') errors.push(required(`${field}.path`))
      else checkNoBacksteps(errors, `${field}.path`, path)
    },
  },
  storageos: commonSources.storageos,
  csi: {
    check: (errors, field, source) => {
      checkDriver(errors, `${field}.driver`, text(source, 'driver'))
      need(errors, `${field}.volumeHandle`, text(source, 'volumeHandle'))
    },
  },
}

export const persistentVolumeSourceNames: readonly string[] = Object.keys(volumeSources)

const onlySourceOf = (volume: Source, sources: { readonly [name: string]: SourceEntry }): string | undefined => {
  let only: string | undefined
  for (const name in volume) {
    if (volume[name] === undefined || !Object.hasOwn(sources, name)) continue
    if (only !== undefined) return undefined
    only = name
  }
  return only
}

const checkSource = (
  errors: Errors,
  field: string,
  volume: Source,
  sources: { readonly [name: string]: SourceEntry },
  after?: (name: string) => void,
): void => {
  const only = onlySourceOf(volume, sources)
  let count = 0
  // Those of several are named in the order of the rules.
  for (const name of only === undefined ? Object.keys(sources) : [only]) {
    const source = volume[name]
    const entry = sources[name]
    if (source === undefined || entry === undefined) continue
    if (count > 0 && name !== 'flexVolume')
      errors.push(forbiddenField(`${field}.${entry.label ?? name}`, 'may not specify more than 1 volume type'))
    else {
      count += 1
      // A source is an object; strict decoding has seen to it.
      entry.check(errors, `${field}.${entry.path ?? name}`, source as Source)
      after?.(name)
    }
  }
  if (count === 0) errors.push(required(field, 'must specify a volume type'))
}

/** The source of a PersistentVolume. `after` runs behind the rules of each source. */
export const checkPersistentVolumeSource = (errors: Errors, field: string, spec: object, after: (name: string) => void): void =>
  checkSource(errors, field, spec as Source, volumeSources, after)

// A volume that was found right once, whatever its place in the list.
const soundVolumes = new WeakSet<object>()

/** The volumes that containers may mount. Follows ValidateVolumes: a volume with faults, or one named twice, is none of them. */
export const checkVolumes = (
  errors: Errors,
  field: string,
  volumes: readonly LooseVolume[] | undefined,
  podName: string | undefined,
): ReadonlyMap<string, LooseVolume> => {
  const usable = new Map<string, LooseVolume>()
  for (const [index, volume] of (volumes ?? []).entries()) {
    const { name = '' } = volume
    if (soundVolumes.has(volume)) {
      if (usable.has(name)) errors.push(duplicate(`${field}[${index}].name`, name))
      else usable.set(name, volume)
      continue
    }
    const path = `${field}[${index}]`
    const found: Errors = []
    checkSource(found, path, volume as Source, podSources)
    if (volume.ephemeral !== undefined && podName !== undefined && podName !== '' && name !== '') {
      const claim = `${podName}-${name}`
      for (const complaint of dnsSubdomain(claim)) found.push(invalidValue(`${path}.name`, name, `PVC name "${claim}": ${complaint}`))
    }
    if (name === '') found.push(required(`${path}.name`))
    else complain(found, `${path}.name`, name, dnsLabel(name))
    // Those of templates come again with every Pod.
    if (found.length === 0 && podName === undefined && volume.ephemeral === undefined) soundVolumes.add(volume)
    if (usable.has(name)) found.push(duplicate(`${path}.name`, name))
    if (found.length === 0) usable.set(name, volume)
    errors.push(...found)
  }
  return usable
}

/** Follows validateBasicResource: an amount of storage must be a whole number that is not negative. */
export const checkBasicResource = (errors: Errors, field: string, amount: string): void => {
  if (compareQuantities(quantityOf(amount), zeroQuantity) < 0)
    errors.push(invalidValue(field, integerValueOf(quantityOf(amount)), 'must be a valid resource quantity'))
}
