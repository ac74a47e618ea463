/**
 * The canonical form of an Endpoints object's subsets: equal sets of addresses share one subset, addresses are ordered by the text of their
 * IP, ports and subsets by a hash that only the real implementation could explain.
 */
import { fnv1a128 } from '../api/template-hash/fnv.js'
import type { EndpointAddress, EndpointPort, EndpointSubset } from '../api/generated/types.js'
import type { Mutable } from '../kernel/mutable.js'

/** One Pod behind one of the Service's ports; `port` is absent for a headless Service without ports. */
export interface PortedAddress {
  readonly address: EndpointAddress
  readonly ready: boolean
  readonly port: EndpointPort | undefined
}

interface PortGroup {
  readonly port: EndpointPort | undefined
  readonly members: Map<string, PortedAddress>
}

// Follows RepackSubsets in pkg/api/v1/endpoints/util.go.
export const repackSubsets = (entries: readonly PortedAddress[]): readonly EndpointSubset[] => {
  const byPort = new Map<string, PortGroup>()
  for (const entry of entries) {
    const portKey = entry.port === undefined ? '' : printedPort(entry.port)
    let group = byPort.get(portKey)
    if (group === undefined) {
      group = { port: entry.port, members: new Map() }
      byPort.set(portKey, group)
    }
    const addressKey = `${entry.address.ip} ${entry.address.targetRef?.uid ?? ''}`
    const known = group.members.get(addressKey)
    // Not ready trumps ready.
    if (known === undefined || known.ready) group.members.set(addressKey, entry)
  }
  const bySet = new Map<string, { readonly members: readonly PortedAddress[]; readonly ports: EndpointPort[] }>()
  for (const { port, members } of byPort.values()) {
    const sorted = [...members.values()].sort((one, other) => compareAddresses(one.address, other.address))
    const setKey =
      byPort.size === 1 ? '' : sorted.map(({ address, ready }) => `${address.ip} ${address.targetRef?.uid ?? ''} ${ready}`).join('\n')
    const shared = bySet.get(setKey) ?? { members: sorted, ports: [] }
    if (port !== undefined) shared.ports.push(port)
    bySet.set(setKey, shared)
  }
  const subsets = [...bySet.values()].map(({ members, ports }): EndpointSubset => {
    const addresses = members.filter(({ ready }) => ready).map(({ address }) => address)
    const notReadyAddresses = members.filter(({ ready }) => !ready).map(({ address }) => address)
    const subset: Mutable<EndpointSubset> = {}
    if (addresses.length > 0) subset.addresses = addresses
    if (notReadyAddresses.length > 0) subset.notReadyAddresses = notReadyAddresses
    if (ports.length > 0) subset.ports = sortedBy(ports, printedPort)
    return subset
  })
  return sortedBy(subsets, printedSubset)
}

const compareText = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0)

const compareAddresses = (one: EndpointAddress, other: EndpointAddress): number =>
  compareText(one.ip, other.ip) || compareText(one.targetRef?.uid ?? '', other.targetRef?.uid ?? '')

// Follows portsByHash and subsetsByHash in pkg/api/v1/endpoints/util.go: FNV-1a of the object as Go's spew prints it.
const sortedBy = <T>(values: readonly T[], print: (value: T) => string): readonly T[] => {
  if (values.length < 2) return values
  const hashed = values.map((value) => ({ value, hash: fnv1a128(print(value)) }))
  return hashed.sort((one, other) => compareText(one.hash, other.hash)).map(({ value }) => value)
}

const printedPort = (port: EndpointPort): string => `(v1.EndpointPort)${printedPortFields(port)}`

// Elements of a list are printed without their type.
const printedPortFields = (port: EndpointPort): string =>
  `{Name:(string)${port.name ?? ''} Port:(int32)${port.port} Protocol:(v1.Protocol)${port.protocol ?? ''} AppProtocol:${printedPointer(port.appProtocol)}}`

const printedPointer = (text: string | undefined): string => (text === undefined ? '(*string)<nil>' : `(*string)${text}`)

const printedList = <T>(type: string, values: readonly T[] | undefined, print: (value: T) => string): string =>
  values === undefined ? `([]${type})<nil>` : `([]${type})[${values.map(print).join(' ')}]`

const printedAddress = ({ ip, hostname, nodeName, targetRef }: EndpointAddress): string =>
  `{IP:(string)${ip} Hostname:(string)${hostname ?? ''} NodeName:${printedPointer(nodeName)} TargetRef:` +
  (targetRef === undefined
    ? '(*v1.ObjectReference)<nil>}'
    : `(*v1.ObjectReference){Kind:(string)${targetRef.kind ?? ''} Namespace:(string)${targetRef.namespace ?? ''} Name:(string)${targetRef.name ?? ''} UID:(types.UID)${targetRef.uid ?? ''} APIVersion:(string) ResourceVersion:(string) FieldPath:(string)}}`)

const printedSubset = ({ addresses, notReadyAddresses, ports }: EndpointSubset): string =>
  `(v1.EndpointSubset){Addresses:${printedList('v1.EndpointAddress', addresses, printedAddress)} NotReadyAddresses:${printedList('v1.EndpointAddress', notReadyAddresses, printedAddress)} Ports:${printedList('v1.EndpointPort', ports, printedPortFields)}}`
