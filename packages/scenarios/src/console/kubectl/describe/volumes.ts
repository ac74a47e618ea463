/** The Volumes part of a description. Follows describeVolumes and the print…VolumeSource functions in kubectl/pkg/describe/describe.go. */
import type { Json, JsonObject } from '@statefold/core'
import { at, listAt, objectAt, sortedNames, textAt, textsAt, wordOf } from '../json-object.js'
import { goList, level, type Lines } from './lines.js'

type SourcePrinter = (source: JsonObject) => Lines

/** `Type:` and further fields, one level deeper than the volume's name. */
const fields = (type: string, rows: readonly (readonly [name: string, value: string])[]): Lines => [
  level(2, `Type:\t${type}`),
  ...rows.map(([name, value]) => level(2, `${name}:\t${value}`)),
]

const bool = (source: Json | undefined, field: string): string => String(at(source, field) === true)
const word = (source: Json | undefined, field: string): string => wordOf(at(source, field))

const csiAttributes = (source: JsonObject): Lines => {
  const attributes = textsAt(source, 'volumeAttributes')
  const names = sortedNames(attributes)
  if (names.length === 0) return [level(2, 'VolumeAttributes:\t<none>')]
  return names.map(
    (name, index) => `${index === 0 ? level(2, 'VolumeAttributes:\t') : level(2, `    \t    `)}${name}=${attributes[name] ?? ''}`,
  )
}

const projectedLines = (source: JsonObject): Lines =>
  listAt(source, 'sources').flatMap((part) => {
    const secret = at(part, 'secret')
    if (secret !== undefined)
      return [level(2, `SecretName:\t${textAt(secret, 'name')}`), level(2, `Optional:\t${bool(secret, 'optional')}`)]
    if (at(part, 'downwardAPI') !== undefined) return [level(2, 'DownwardAPI:\ttrue')]
    const configMap = at(part, 'configMap')
    if (configMap !== undefined)
      return [level(2, `ConfigMapName:\t${textAt(configMap, 'name')}`), level(2, `Optional:\t${bool(configMap, 'optional')}`)]
    const token = at(part, 'serviceAccountToken')
    return token === undefined ? [] : [level(2, `TokenExpirationSeconds:\t${word(token, 'expirationSeconds')}`)]
  })

const printers: readonly (readonly [field: string, print: SourcePrinter])[] = [
  [
    'hostPath',
    (source) =>
      fields('HostPath (bare host directory volume)', [
        ['Path', word(source, 'path')],
        ['HostPathType', at(source, 'type') === undefined ? '<none>' : word(source, 'type')],
      ]),
  ],
  [
    'emptyDir',
    (source) =>
      fields("EmptyDir (a temporary directory that shares a pod's lifetime)", [
        ['Medium', word(source, 'medium')],
        ['SizeLimit', at(source, 'sizeLimit') === undefined ? '<unset>' : word(source, 'sizeLimit')],
      ]),
  ],
  [
    'secret',
    (source) =>
      fields('Secret (a volume populated by a Secret)', [
        ['SecretName', word(source, 'secretName')],
        ['Optional', bool(source, 'optional')],
      ]),
  ],
  [
    'configMap',
    (source) =>
      fields('ConfigMap (a volume populated by a ConfigMap)', [
        ['Name', word(source, 'name')],
        ['Optional', bool(source, 'optional')],
      ]),
  ],
  [
    'nfs',
    (source) =>
      fields('NFS (an NFS mount that lasts the lifetime of a pod)', [
        ['Server', word(source, 'server')],
        ['Path', word(source, 'path')],
        ['ReadOnly', bool(source, 'readOnly')],
      ]),
  ],
  [
    'persistentVolumeClaim',
    (source) =>
      fields('PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)', [
        ['ClaimName', word(source, 'claimName')],
        ['ReadOnly', bool(source, 'readOnly')],
      ]),
  ],
  ['ephemeral', () => fields('EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)', [])],
  [
    'rbd',
    (source) =>
      fields("RBD (a Rados Block Device mount on the host that shares a pod's lifetime)", [
        ['CephMonitors', goList(listAt(source, 'monitors'))],
        ['RBDImage', word(source, 'image')],
        ['FSType', word(source, 'fsType')],
        ['RBDPool', word(source, 'pool')],
        ['RadosUser', word(source, 'user')],
        ['Keyring', word(source, 'keyring')],
        [
          'SecretRef',
          at(source, 'secretRef') === undefined ? 'nil' : `&LocalObjectReference{Name:${textAt(source, 'secretRef', 'name')},}`,
        ],
        ['ReadOnly', bool(source, 'readOnly')],
      ]),
  ],
  [
    'downwardAPI',
    (source) => [
      level(2, 'Type:\tDownwardAPI (a volume populated by information about the pod)'),
      level(2, 'Items:'),
      ...listAt(source, 'items').map((item) =>
        level(
          3,
          `${at(item, 'fieldRef') === undefined ? textAt(item, 'resourceFieldRef', 'resource') : textAt(item, 'fieldRef', 'fieldPath')} -> ${textAt(item, 'path')}`,
        ),
      ),
    ],
  ],
  [
    'projected',
    (source) => [...fields('Projected (a volume that contains injected data from multiple sources)', []), ...projectedLines(source)],
  ],
  ['local', (source) => fields('LocalVolume (a persistent volume backed by local storage on a node)', [['Path', word(source, 'path')]])],
  [
    'csi',
    (source) => [
      ...fields('CSI (a Container Storage Interface (CSI) volume source)', [
        ['Driver', word(source, 'driver')],
        ['FSType', word(source, 'fsType')],
        ...(at(source, 'volumeHandle') === undefined ? [] : [['VolumeHandle', word(source, 'volumeHandle')] as const]),
        ['ReadOnly', bool(source, 'readOnly')],
      ]),
      ...csiAttributes(source),
    ],
  ],
  [
    'awsElasticBlockStore',
    (source) =>
      fields('AWSElasticBlockStore (a Persistent Disk resource in AWS)', [
        ['VolumeID', word(source, 'volumeID')],
        ['FSType', word(source, 'fsType')],
        ['Partition', wordOf(at(source, 'partition') ?? 0)],
        ['ReadOnly', bool(source, 'readOnly')],
      ]),
  ],
  [
    'gcePersistentDisk',
    (source) =>
      fields('GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)', [
        ['PDName', word(source, 'pdName')],
        ['FSType', word(source, 'fsType')],
        ['Partition', wordOf(at(source, 'partition') ?? 0)],
        ['ReadOnly', bool(source, 'readOnly')],
      ]),
  ],
  [
    'image',
    (source) =>
      fields('Image (a container image or OCI artifact)', [
        ['Reference', word(source, 'reference')],
        ['PullPolicy', word(source, 'pullPolicy')],
      ]),
  ],
]

/** What stands in a volume's or PersistentVolume's source. */
export const sourceLines = (holder: JsonObject): Lines => {
  const printer = printers.find(([field]) => at(holder, field) !== undefined)
  return printer === undefined ? [level(1, '<unknown>')] : printer[1](objectAt(holder, printer[0]))
}

export const volumeLines = (volumes: readonly Json[], indent: string): Lines =>
  volumes.length === 0
    ? [`${indent}Volumes:\t<none>`]
    : [
        `${indent}Volumes:`,
        ...volumes.flatMap((volume) => [
          level(1, `${indent === '' ? '' : ' '}${textAt(volume, 'name')}:`),
          ...sourceLines(objectAt({ volume }, 'volume')),
        ]),
      ]
