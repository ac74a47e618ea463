/** What a Pod asks of a node, reckoned once for each Pod spec. */
import type { Container, Pod, PodSpec } from '../../api/generated/types.js'
import { integerValueOf, milliValueOf, quantityOf } from '../../api/quantity.js'

export interface PodRequests {
  readonly milliCpu: number
  readonly memory: number
  readonly ephemeralStorage: number
  /** Extended resources, by name. */
  readonly others: ReadonlyMap<string, number>
  /** With 100m and 200Mi for each container that asks for nothing: for scoring only. */
  readonly scoredMilliCpu: number
  readonly scoredMemory: number
}

export interface HostPort {
  readonly address: string
  readonly protocol: string
  readonly port: number
}

export interface PodFacts {
  readonly requests: PodRequests
  readonly hostPorts: readonly HostPort[]
  readonly claimNames: readonly { readonly name: string; readonly ephemeral: boolean }[]
}

type Amounts = { readonly [resource: string]: string | number }

// Parsing is the dear part and the same few texts come again and again: a cache only.
const remembered = (reckon: (text: string) => number): ((text: string) => number) => {
  const known = new Map<string, number>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const value = reckon(text)
    if (known.size > 4_096) known.clear()
    known.set(text, value)
    return value
  }
}
const milliOf = remembered((text) => milliValueOf(quantityOf(text)))
const wholeOf = remembered((text) => integerValueOf(quantityOf(text)))

/** The amount in the unit that the scheduler reckons in: thousandths of a core, else whole units. */
export const amountOf = (resource: string, amount: string | number | undefined): number =>
  amount === undefined ? 0 : resource === 'cpu' ? milliOf(String(amount)) : wholeOf(String(amount))

// Follows DefaultMilliCPURequest and DefaultMemoryRequest in pkg/scheduler/util/pod_resources.go.
const defaultMilliCpu = 100
const defaultMemory = 200 * 1_024 * 1_024

type Sums = Map<string, number>

const requestsOf = (container: Container, scored: boolean): Sums => {
  const sums: Sums = new Map()
  const asked: Amounts = container.resources?.requests ?? {}
  for (const resource in asked) sums.set(resource, amountOf(resource, asked[resource]))
  if (scored) {
    if (!sums.has('cpu')) sums.set('cpu', defaultMilliCpu)
    if (!sums.has('memory')) sums.set('memory', defaultMemory)
  }
  return sums
}

const addTo = (sums: Sums, more: Sums): void => {
  for (const [resource, amount] of more) sums.set(resource, (sums.get(resource) ?? 0) + amount)
}
const raiseTo = (sums: Sums, least: Sums): void => {
  for (const [resource, amount] of least) if (amount > (sums.get(resource) ?? 0)) sums.set(resource, amount)
}

/** Follows PodRequests and AggregateContainerRequests in component-helpers/resource/helpers.go. */
const sumOf = (spec: PodSpec, scored: boolean): Sums => {
  const sums: Sums = new Map()
  for (const container of spec.containers) addTo(sums, requestsOf(container, scored))
  const sidecars: Sums = new Map()
  const peak: Sums = new Map()
  for (const container of spec.initContainers ?? []) {
    const own = requestsOf(container, scored)
    if (container.restartPolicy === 'Always') {
      addTo(sums, own)
      addTo(sidecars, own)
      raiseTo(peak, sidecars)
    } else {
      addTo(own, sidecars)
      raiseTo(peak, own)
    }
  }
  raiseTo(sums, peak)
  const ofPod: Amounts = spec.resources?.requests ?? {}
  for (const resource in ofPod) sums.set(resource, amountOf(resource, ofPod[resource]))
  const overhead: Amounts = spec.overhead ?? {}
  for (const resource in overhead) sums.set(resource, (sums.get(resource) ?? 0) + amountOf(resource, overhead[resource]))
  return sums
}

const known: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods'])
const noOthers: ReadonlyMap<string, number> = new Map()

const reckonRequests = (spec: PodSpec): PodRequests => {
  const sums = sumOf(spec, false)
  const scored = sumOf(spec, true)
  const others = [...sums].filter(([resource]) => !known.has(resource))
  return {
    milliCpu: sums.get('cpu') ?? 0,
    memory: sums.get('memory') ?? 0,
    ephemeralStorage: sums.get('ephemeral-storage') ?? 0,
    others: others.length === 0 ? noOthers : new Map(others),
    scoredMilliCpu: scored.get('cpu') ?? 0,
    scoredMemory: scored.get('memory') ?? 0,
  }
}

const hostPortsOf = (spec: PodSpec): readonly HostPort[] => {
  const ports: HostPort[] = []
  for (const container of [...spec.containers, ...(spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always')])
    for (const port of container.ports ?? [])
      if (port.hostPort !== undefined && port.hostPort > 0)
        ports.push({
          address: port.hostIP === undefined || port.hostIP === '' ? '0.0.0.0' : port.hostIP,
          protocol: port.protocol ?? 'TCP',
          port: port.hostPort,
        })
  return ports
}

const factsBySpec = new WeakMap<PodSpec, PodFacts>()

/** Everything about the Pod's spec that filters and scores need. Remembered for the spec, which never changes. */
export const factsOf = (pod: Pod): PodFacts => {
  const remembrance = factsBySpec.get(pod.spec)
  if (remembrance !== undefined) return remembrance
  const facts: PodFacts = {
    requests: reckonRequests(pod.spec),
    hostPorts: hostPortsOf(pod.spec),
    claimNames: (pod.spec.volumes ?? []).flatMap((volume): readonly { readonly name: string; readonly ephemeral: boolean }[] =>
      volume.persistentVolumeClaim !== undefined
        ? [{ name: volume.persistentVolumeClaim.claimName, ephemeral: false }]
        : volume.ephemeral !== undefined
          ? [{ name: `${pod.metadata.name}-${volume.name}`, ephemeral: true }]
          : [],
    ),
  }
  factsBySpec.set(pod.spec, facts)
  return facts
}

export const portsClash = (left: HostPort, right: HostPort): boolean =>
  left.port === right.port &&
  left.protocol === right.protocol &&
  (left.address === right.address || left.address === '0.0.0.0' || right.address === '0.0.0.0')
