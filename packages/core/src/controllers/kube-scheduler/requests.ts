/** What a Pod asks of a node, reckoned once for each Pod spec. */
import type { Container, Pod, PodSpec } from '../../api/generated/types.js'
import { integerValueOf, milliValueOf, quantityOf } from '../../api/quantity.js'
import { rememberedText } from '../../kernel/remembered-text.js'

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
}

type Amounts = { readonly [resource: string]: string | number }

const milliOf = rememberedText((text) => milliValueOf(quantityOf(text)))
const wholeOf = rememberedText((text) => integerValueOf(quantityOf(text)))

/** The amount in the unit that the scheduler reckons in: thousandths of a core, else whole units. */
export const amountOf = (resource: string, amount: string | number | undefined): number =>
  amount === undefined ? 0 : resource === 'cpu' ? milliOf(String(amount)) : wholeOf(String(amount))

// Follows DefaultMilliCPURequest and DefaultMemoryRequest in pkg/scheduler/util/pod_resources.go.
const defaultMilliCpu = 100
const defaultMemory = 200 * 1_024 * 1_024

type Sums = Map<string, number>

const hasRequests = ({ containers, initContainers, overhead, resources }: PodSpec): boolean =>
  overhead !== undefined ||
  resources !== undefined ||
  initContainers !== undefined ||
  containers.some((container) => container.resources?.requests !== undefined)

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

const requestsOfIdle = (count: number): PodRequests => ({
  milliCpu: 0,
  memory: 0,
  ephemeralStorage: 0,
  others: noOthers,
  scoredMilliCpu: count * defaultMilliCpu,
  scoredMemory: count * defaultMemory,
})

const reckonRequests = (spec: PodSpec): PodRequests => {
  if (!hasRequests(spec)) return requestsOfIdle(spec.containers.length)
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

const sharedRequests = new Map<string, PodRequests>()
const sharedMax = 4_096

/** Equal requests are one object, so that what was reckoned for one Pod of a template serves the next. */
const shared = (requests: PodRequests): PodRequests => {
  const { milliCpu, memory, ephemeralStorage, others, scoredMilliCpu, scoredMemory } = requests
  let text = `${milliCpu} ${memory} ${ephemeralStorage} ${scoredMilliCpu} ${scoredMemory}`
  for (const [resource, amount] of others) text += ` ${resource}=${amount}`
  const known = sharedRequests.get(text)
  if (known !== undefined) return known
  if (sharedRequests.size >= sharedMax) sharedRequests.clear()
  sharedRequests.set(text, requests)
  return requests
}

const asksForNothing = (spec: PodSpec): boolean => {
  if (hasRequests(spec)) return false
  for (const { ports } of spec.containers) if (ports?.some(({ hostPort }) => hostPort !== undefined && hostPort > 0) === true) return false
  return true
}

const noHostPorts: readonly HostPort[] = []
const factsByCount: (PodFacts | undefined)[] = []

/** Of so many containers that ask for nothing. */
const factsOfCount = (count: number): PodFacts => {
  const known = factsByCount[count]
  if (known !== undefined) return known
  const facts: PodFacts = { requests: shared(requestsOfIdle(count)), hostPorts: noHostPorts }
  factsByCount[count] = facts
  return facts
}

interface Remembrance {
  readonly initContainers: PodSpec['initContainers']
  readonly overhead: PodSpec['overhead']
  readonly resources: PodSpec['resources']
  readonly facts: PodFacts
}
const remembrances = new WeakMap<PodSpec['containers'], Remembrance>()

/** What the Pod's containers need. Remembered for the containers, which stay the same objects when the Pod is bound. */
export const factsOf = (pod: Pod): PodFacts => {
  const { spec } = pod
  const { containers, initContainers, overhead, resources } = spec
  // Most Pods ask for nothing, which is quicker seen than remembered.
  if (asksForNothing(spec)) return factsOfCount(containers.length)
  const known = remembrances.get(containers)
  if (known !== undefined && known.initContainers === initContainers && known.overhead === overhead && known.resources === resources)
    return known.facts
  const facts: PodFacts = { requests: shared(reckonRequests(spec)), hostPorts: hostPortsOf(spec) }
  remembrances.set(containers, { initContainers, overhead, resources, facts })
  return facts
}

export const portsClash = (left: HostPort, right: HostPort): boolean =>
  left.port === right.port &&
  left.protocol === right.protocol &&
  (left.address === right.address || left.address === '0.0.0.0' || right.address === '0.0.0.0')
