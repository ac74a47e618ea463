/**
 * Cluster IPs and node ports of Services. Follows pkg/registry/core/service/ipallocator/ipallocator.go and
 * pkg/registry/core/service/portallocator: the dynamic band is the upper one, its start is a draw, then the next free address is taken.
 */
import * as E from 'fp-ts/lib/Either.js'
import { invalid, type ApiStatus } from '../api/api-status.js'
import type { Service, ServicePort } from '../api/generated/types.js'
import type { UnstoredObject } from '../api/object.js'
import type { Choose } from '../kernel/choose.js'
import type { Reader } from './reader.js'

const addressOf = (value: number): string => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.')
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)

interface Network {
  readonly first: number
  readonly size: number
}

const networkOf = (text: string): Network => {
  const [address = '0.0.0.0', prefix = '32'] = text.split('/')
  return { first: numberOf(address), size: 2 ** (32 - Number(prefix)) }
}

/** Follows calculateRangeOffset: min(max(16, size/16), 256), and 0 in tiny ranges. */
const bandOffset = (size: number): number => (size < 32 ? 0 : Math.min(Math.max(16, Math.floor(size / 16)), 256))

const isService = (object: UnstoredObject): object is UnstoredObject & Pick<Service, 'spec'> => object.kind === 'Service'

const pick = (choose: Choose, about: string, low: number, high: number, taken: (value: number) => boolean): number | undefined => {
  const span = high - low
  const start = choose({ stream: 'api/allocate', key: about }, span)
  for (let step = 0; step < span; step += 1) {
    const value = low + ((start + step) % span)
    if (!taken(value)) return value
  }
  return undefined
}

const nodePortsFrom = 30_000
const nodePortsTo = 32_768
const nodePortsStaticBand = 86

export const allocateServiceAddresses = (
  object: UnstoredObject,
  reader: Reader,
  choose: Choose,
  serviceNetwork: string,
  stored?: Service,
): E.Either<ApiStatus, UnstoredObject> => {
  if (!isService(object) || object.spec.type === 'ExternalName') return E.right(object)
  const name = object.metadata?.name ?? ''
  const about = `${object.metadata?.namespace ?? ''}/${name}`
  const others = reader.list('Service').filter((service) => service.metadata.uid !== object.metadata?.uid)
  const refuse = (field: string, value: string, detail: string): E.Either<ApiStatus, UnstoredObject> =>
    E.left(invalid('Service', name, [{ field, reason: 'FieldValueInvalid', message: `Invalid value: ${value}: ${detail}` }]))

  const network = networkOf(serviceNetwork)
  const used = new Set(others.flatMap((service) => service.spec.clusterIPs ?? []))
  let spec = object.spec
  const asked = spec.clusterIP ?? ''
  if (asked !== 'None') {
    if (asked === '') {
      const low = network.first + 1 + bandOffset(network.size)
      const found = pick(choose, `cluster-ip ${about}`, low, network.first + network.size - 1, (value) => used.has(addressOf(value)))
      if (found === undefined) return refuse('spec.clusterIPs', '[]', 'failed to allocate a serviceIP: range is full')
      const clusterIP = addressOf(found)
      spec = { ...spec, clusterIP, clusterIPs: [clusterIP] }
    } else if (stored === undefined || stored.spec.clusterIP !== asked) {
      const value = numberOf(asked)
      const shown = `["${asked}"]`
      if (!(value > network.first && value < network.first + network.size - 1))
        return refuse('spec.clusterIPs', shown, `failed to allocate IP ${asked}: the provided network does not match the current range`)
      if (used.has(asked)) return refuse('spec.clusterIPs', shown, `failed to allocate IP ${asked}: provided IP is already allocated`)
    }
  }

  if ((spec.type === 'NodePort' || spec.type === 'LoadBalancer') && spec.ports !== undefined) {
    const usedPorts = new Set(others.flatMap((service) => (service.spec.ports ?? []).flatMap((port) => port.nodePort ?? [])))
    const ports: ServicePort[] = []
    for (const [index, port] of spec.ports.entries()) {
      const wanted = port.nodePort ?? 0
      const had = stored?.spec.ports?.some((other) => other.nodePort === wanted) === true
      if (wanted !== 0) {
        const field = `spec.ports[${index}].nodePort`
        if (wanted < nodePortsFrom || wanted >= nodePortsTo)
          return refuse(field, String(wanted), 'provided port is not in the valid range. The range of valid ports is 30000-32767')
        if (usedPorts.has(wanted) && !had) return refuse(field, String(wanted), 'provided port is already allocated')
        usedPorts.add(wanted)
        ports.push(port)
        continue
      }
      const found = pick(
        choose,
        `node-port ${about}/${port.name ?? port.port}`,
        nodePortsFrom + nodePortsStaticBand,
        nodePortsTo,
        (value) => usedPorts.has(value),
      )
      if (found === undefined) return refuse(`spec.ports[${index}].nodePort`, '0', 'failed to allocate a nodePort: range is full')
      usedPorts.add(found)
      ports.push({ ...port, nodePort: found })
    }
    spec = { ...spec, ports }
  }
  return E.right(spec === object.spec ? object : { ...object, spec })
}
