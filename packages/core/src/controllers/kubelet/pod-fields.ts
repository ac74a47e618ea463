/** What fieldRef and resourceFieldRef mean. Follows pkg/fieldpath/fieldpath.go and pkg/api/v1/resource/helpers.go. */
import type { Pod, ResourceFieldSelector } from '../../api/generated/types.js'

const mapText = (map: { readonly [key: string]: string } | undefined): string =>
  Object.entries(map ?? {})
    .sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0))
    .map(([key, value]) => `${key}="${value.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n')}"`)
    .join('\n')

export const fieldOfPod = (pod: Pod, fieldPath: string, address?: string): string | undefined => {
  const keyed = /^metadata\.(annotations|labels)\['(.*)'\]$/.exec(fieldPath)
  if (keyed !== null) return pod.metadata[keyed[1] === 'labels' ? 'labels' : 'annotations']?.[keyed[2] ?? ''] ?? ''
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name
    case 'metadata.namespace':
      return pod.metadata.namespace ?? ''
    case 'metadata.uid':
      return pod.metadata.uid
    case 'metadata.labels':
      return mapText(pod.metadata.labels)
    case 'metadata.annotations':
      return mapText(pod.metadata.annotations)
    case 'spec.nodeName':
      return pod.spec.nodeName ?? ''
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? ''
    case 'status.hostIP':
    case 'status.hostIPs':
      return pod.status.hostIP ?? ''
    case 'status.podIP':
    case 'status.podIPs':
      return address ?? pod.status.podIP ?? ''
    default:
      return undefined
  }
}

const binaryUnits: { readonly [unit: string]: number } = {
  Ki: 1024,
  Mi: 1024 ** 2,
  Gi: 1024 ** 3,
  Ti: 1024 ** 4,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  '': 1,
}

/** A quantity in whole thousandths. */
const thousandths = (quantity: string): number => {
  const match = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi|Ti|k|M|G|T|)$/.exec(quantity)
  if (match === null) return 0
  return match[2] === 'm' ? Math.ceil(Number(match[1])) : Math.ceil(Number(match[1]) * 1_000 * (binaryUnits[match[2] ?? ''] ?? 1))
}

/** Rounded up to the divisor, as convertResourceCPUToString and its like do. */
export const resourceOfContainer = (pod: Pod, containerName: string | undefined, selector: ResourceFieldSelector): string | undefined => {
  const container = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find(({ name }) => name === containerName)
  const [sort = '', resource = ''] = selector.resource.split('.')
  const amounts = sort === 'limits' ? container?.resources?.limits : container?.resources?.requests
  const divisor = thousandths(
    selector.divisor === undefined || selector.divisor === '0' || selector.divisor === '' ? '1' : selector.divisor,
  )
  return String(Math.ceil(thousandths(amounts?.[resource] ?? '0') / (divisor === 0 ? 1_000 : divisor)))
}
