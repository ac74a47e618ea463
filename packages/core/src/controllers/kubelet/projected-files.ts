/** Files that come from API objects: configMap, secret, downwardAPI and projected volumes. Paths begin with a slash. */
import type { DownwardAPIVolumeFile, KeyToPath, Pod, Volume } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { textOfBase64 } from './base64.js'
import { fieldOfPod, resourceOfContainer } from './pod-fields.js'

/** Undefined for volumes that have bytes of their own. */
export const contentOfVolume = (
  reader: Reader,
  pod: Pod,
  volume: Volume,
  address: string | undefined,
): ReadonlyMap<string, string> | undefined => {
  const files = new Map<string, string>()
  const { namespace = '' } = pod.metadata
  if (volume.configMap !== undefined)
    addItems(files, configMapFiles(reader, namespace, volume.configMap.name ?? ''), volume.configMap.items)
  else if (volume.secret !== undefined) addItems(files, secretFiles(reader, namespace, volume.secret.secretName ?? ''), volume.secret.items)
  else if (volume.downwardAPI !== undefined) addFields(files, pod, volume.downwardAPI.items ?? [], address)
  else if (volume.projected !== undefined) {
    for (const source of volume.projected.sources ?? []) {
      if (source.configMap !== undefined)
        addItems(files, configMapFiles(reader, namespace, source.configMap.name ?? ''), source.configMap.items)
      if (source.secret !== undefined) addItems(files, secretFiles(reader, namespace, source.secret.name ?? ''), source.secret.items)
      if (source.downwardAPI !== undefined) addFields(files, pod, source.downwardAPI.items ?? [], address)
      if (source.serviceAccountToken !== undefined)
        files.set(`/${source.serviceAccountToken.path}`, `token-of-${pod.spec.serviceAccountName ?? 'default'}`)
    }
  } else return undefined
  return files
}

export type KeyedFiles = ReadonlyMap<string, string>

export const configMapFiles = (reader: Reader, namespace: string, name: string): KeyedFiles | undefined => {
  const configMap = reader.get('ConfigMap', namespace, name)
  if (configMap === undefined) return undefined
  const binary = Object.entries(configMap.binaryData ?? {}).map(([key, value]) => [key, textOfBase64(value)] as const)
  return new Map([...Object.entries(configMap.data ?? {}), ...binary])
}

export const secretFiles = (reader: Reader, namespace: string, name: string): KeyedFiles | undefined => {
  const secret = reader.get('Secret', namespace, name)
  if (secret === undefined) return undefined
  return new Map(Object.entries(secret.data ?? {}).map(([key, value]) => [key, textOfBase64(value)] as const))
}

const addItems = (files: Map<string, string>, source: KeyedFiles | undefined, items: readonly KeyToPath[] | undefined): void => {
  if (source === undefined) return
  if (items === undefined) for (const [key, content] of source) files.set(`/${key}`, content)
  else
    for (const { key, path } of items) {
      const content = source.get(key)
      if (content !== undefined) files.set(`/${path}`, content)
    }
}

const addFields = (files: Map<string, string>, pod: Pod, items: readonly DownwardAPIVolumeFile[], address: string | undefined): void => {
  for (const { path, fieldRef, resourceFieldRef } of items) {
    const value =
      fieldRef !== undefined
        ? fieldOfPod(pod, fieldRef.fieldPath, address)
        : resourceFieldRef === undefined
          ? undefined
          : resourceOfContainer(pod, resourceFieldRef.containerName, resourceFieldRef)
    if (value !== undefined) files.set(`/${path}`, value)
  }
}
