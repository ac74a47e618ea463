/** Which of the nodes that can take the Pod is best: the default plug-ins with their weights, in whole numbers. */
import type { LabelSelector, Node, Pod, Service, Taint } from '../../api/generated/types.js'
import { controllerRefOf, type KubernetesObject } from '../../api/object.js'
import { storeBehind } from '../../cluster/make-reader.js'
import type { Reader } from '../../cluster/reader.js'
import { followMap } from '../../kernel/map-difference.js'
import { emptyMap } from '../../kernel/persistent-map.js'
import { nodeTermMatches } from '../../resources/node/queries.js'
import { isTolerated } from '../../resources/node/queries.js'
import { factsOf, type PodRequests } from './requests.js'
import { countAt, hostnameLabel, zoneLabel, type NodeInfo, type Snapshot } from './snapshot.js'
import {
  acceptsNode,
  domainsOfTerm,
  labelOfNode,
  spreadConstraintsOf,
  spreadDomains,
  spreadTally,
  termMatches,
  termOf,
  type SpreadConstraint,
} from './topology.js'

const scoreMax = 100

/** Nodes that will do, in the order in which they were found. Valid until the next search. */
export interface FoundNodes {
  /** May be longer than their number. */
  readonly slots: Int32Array
  readonly count: number
}

/** The nodes that are compared. */
interface Compared extends FoundNodes {
  readonly snapshot: Snapshot
}

/** By place among the nodes that are compared. May be longer than their number. */
type Points = Float64Array

// Nobody keeps points, so they are written over those of the last cycle.
let scores: Points = new Float64Array(64)
let spreadPoints: Points = new Float64Array(64)
const makeRoomFor = (count: number): void => {
  if (scores.length >= count) return
  scores = new Float64Array(2 * count)
  spreadPoints = new Float64Array(2 * count)
}

const infosOf = ({ slots, count, snapshot: { bySlot } }: Compared): readonly NodeInfo[] => {
  const infos: NodeInfo[] = []
  for (let place = 0; place < count; place += 1) {
    const info = bySlot[slots[place] ?? 0]
    if (info !== undefined) infos.push(info)
  }
  return infos
}

// Follows pkg/scheduler/apis/config/v1/default_plugins.go. ImageLocality is left out: nodes report no images here.
const weights = { taints: 3, nodeAffinity: 2, spread: 2, podAffinity: 2, fit: 1, balance: 1 }

// ---- resources

const leastAllocated = (asked: number, total: number): number =>
  total === 0 || asked > total ? 0 : Math.floor(((total - asked) * scoreMax) / total)

/** Follows leastResourceScorer in pkg/scheduler/framework/plugins/noderesources/least_allocated.go. */
const fitScore = (requests: PodRequests, info: NodeInfo): number => {
  const used = info.milliCpu === 0 ? 0 : 1
  const usedToo = info.memory === 0 ? 0 : 1
  if (used + usedToo === 0) return 0
  const cpu = used === 0 ? 0 : leastAllocated(info.scoredMilliCpu + requests.scoredMilliCpu, info.milliCpu)
  const memory = usedToo === 0 ? 0 : leastAllocated(info.scoredMemory + requests.scoredMemory, info.memory)
  return Math.floor((cpu + memory) / (used + usedToo))
}

const million = 1_000_000
const fraction = (asked: number, total: number): number => (asked >= total ? million : Math.floor((asked * million) / total))

/** Follows balancedResourceScorer in balanced_allocation.go: of two fractions the deviation is half their difference. */
const balanceScore = (requests: PodRequests, info: NodeInfo): number => {
  if (info.milliCpu === 0 || info.memory === 0) return scoreMax
  const cpu = fraction(info.usedMilliCpu + requests.milliCpu, info.milliCpu)
  const memory = fraction(info.usedMemory + requests.memory, info.memory)
  return Math.floor(((2 * million - Math.abs(cpu - memory)) * scoreMax) / (2 * million))
}

// ---- spreading

// Powers of e in millionths: ln by halving would need fractions, so the logarithm is looked up between whole numbers.
const logarithms: number[] = []
const ln2 = 693_147

/** ln(value) in millionths, for whole numbers from 1 on. Only sums, products and quotients: alike on every machine. */
export const lnMillionths = (value: number): number => {
  const known = logarithms[value]
  if (known !== undefined) return known
  let halvings = 0
  let mantissa = value
  while (mantissa > 1.5) {
    mantissa /= 2
    halvings += 1
  }
  const ratio = (mantissa - 1) / (mantissa + 1)
  const square = ratio * ratio
  let power = ratio
  let sum = 0
  for (let odd = 1; odd <= 25; odd += 2) {
    sum += power / odd
    power *= square
  }
  const result = halvings * ln2 + Math.round(2 * sum * million)
  logarithms[value] = result
  return result
}

const servicePivot = (service: Service): string => {
  const selector = service.spec.selector
  for (const key in selector) return `${service.metadata.namespace ?? ''} ${key}=${selector[key] ?? ''}`
  return ''
}

/** Services by namespace and one label of their selector: a Pod's own are found without looking at all. */
const followServices = followMap<KubernetesObject, Map<string, Map<string, Service>>>(
  new Map(),
  emptyMap(),
  (index, key, before, after) => {
    // The store of Services.
    if (before !== undefined) {
      const pivot = servicePivot(before as Service)
      const members = index.get(pivot)
      if (members?.delete(key) === true && members.size === 0) index.delete(pivot)
    }
    if (after === undefined) return
    const pivot = servicePivot(after as Service)
    const members = index.get(pivot)
    if (members === undefined) index.set(pivot, new Map([[key, after as Service]]))
    else members.set(key, after as Service)
  },
)

const noServices: readonly Service[] = []

const servicesOf = (pod: Pod, reader: Reader): readonly Service[] => {
  const byPivot = followServices(storeBehind(reader, 'Service').objects)
  if (byPivot.size === 0) return noServices
  const labels = pod.metadata.labels ?? {}
  const found: Service[] = []
  for (const key in labels)
    for (const service of byPivot.get(`${pod.metadata.namespace ?? ''} ${key}=${labels[key] ?? ''}`)?.values() ?? []) {
      const selector = service.spec.selector ?? {}
      if (Object.keys(selector).every((wanted) => labels[wanted] === selector[wanted])) found.push(service)
    }
  return found
}

/** What the Pod's Services and its owner select by, together. Follows DefaultSelector in pkg/scheduler/framework/plugins/helper/spread.go. */
const defaultSelector = (pod: Pod, reader: Reader): LabelSelector | undefined => {
  const services = servicesOf(pod, reader)
  const owner = controllerRefOf(pod)
  if (services.length > 0 || (owner?.kind !== 'StatefulSet' && owner?.kind !== 'ReplicaSet')) return selectorOf(pod, services, reader)
  // Mostly the owner's selector alone counts.
  const selector = reader.get(owner.kind, pod.metadata.namespace ?? '', owner.name)?.spec.selector
  if (selector === undefined) return undefined
  const known = ownSelectors.get(selector)
  if (known !== undefined) return known
  const own = selectorOf(pod, services, reader)
  if (own !== undefined) ownSelectors.set(selector, own)
  return own
}
const ownSelectors = new WeakMap<LabelSelector, LabelSelector>()

const selectorOf = (pod: Pod, services: readonly Service[], reader: Reader): LabelSelector | undefined => {
  let matchLabels: { readonly [key: string]: string } = {}
  for (const service of services) matchLabels = { ...matchLabels, ...service.spec.selector }
  const owner = controllerRefOf(pod)
  const namespace = pod.metadata.namespace ?? ''
  let matchExpressions: LabelSelector['matchExpressions']
  if (owner?.kind === 'ReplicationController')
    matchLabels = { ...matchLabels, ...reader.get('ReplicationController', namespace, owner.name)?.spec.selector }
  else if (owner?.kind === 'ReplicaSet' || owner?.kind === 'StatefulSet') {
    const selector = reader.get(owner.kind, namespace, owner.name)?.spec.selector
    matchLabels = { ...matchLabels, ...selector?.matchLabels }
    matchExpressions = selector?.matchExpressions
  }
  if (Object.keys(matchLabels).length === 0 && (matchExpressions ?? []).length === 0) return undefined
  // Sorted, so that one selector is one question to the snapshot.
  const sorted = Object.fromEntries(Object.entries(matchLabels).sort(([left], [right]) => (left < right ? -1 : 1)))
  return matchExpressions === undefined ? { matchLabels: sorted } : { matchLabels: sorted, matchExpressions }
}

const constraintsBySelector = new WeakMap<LabelSelector, readonly SpreadConstraint[]>()

const defaultConstraints = (selector: LabelSelector): readonly SpreadConstraint[] => {
  const known = constraintsBySelector.get(selector)
  if (known !== undefined) return known
  const constraints: readonly SpreadConstraint[] = [
    { topologyKey: hostnameLabel, maxSkew: 3, minDomains: 1, selector, honorsAffinity: true, honorsTaints: false },
    { topologyKey: zoneLabel, maxSkew: 5, minDomains: 1, selector, honorsAffinity: true, honorsTaints: false },
  ]
  constraintsBySelector.set(selector, constraints)
  return constraints
}

/** Number of Pods and number of domains weigh in; a domain without the label counts as one among the others. */
const addSpreadOf = (raw: Points, compared: Compared, constraint: SpreadConstraint, taking: number, pod: Pod): void => {
  const { slots, count, snapshot } = compared
  const { topologyKey } = constraint
  const { nodes: all, allHaveHostnames, someHaveZones } = snapshot.row()
  if (topologyKey === zoneLabel && !someHaveZones) return
  const tally = spreadTally(pod, constraint.selector, snapshot)
  const base = (constraint.maxSkew - 1) * million
  if (topologyKey === hostnameLabel) {
    const weight = lnMillionths(taking + 2)
    for (let place = 0; place < count; place += 1) {
      const slot = slots[place] ?? 0
      if (allHaveHostnames || snapshot.bySlot[slot]?.hostname !== undefined)
        raw[place] = (raw[place] ?? 0) + countAt(tally, slot) * weight + base
    }
    return
  }
  const infos = infosOf(compared)
  const domainOf = topologyKey === zoneLabel ? (info: NodeInfo) => info.zone : (info: NodeInfo) => labelOfNode(info.node, topologyKey)
  const values = new Set<string | undefined>()
  for (const info of infos) values.add(domainOf(info))
  if (values.size === 1 && values.has(undefined)) return
  const weight = lnMillionths(values.size + 2)
  const domains = spreadDomains(
    all,
    tally,
    constraint,
    ({ node }) => node !== undefined && (!constraint.honorsAffinity || acceptsNode(pod, node)),
  )
  for (const [place, info] of infos.entries()) {
    const domain = domainOf(info)
    if (domain !== undefined) raw[place] = (raw[place] ?? 0) + (domains.get(domain) ?? 0) * weight + base
  }
}

/** Follows Score and NormalizeScore in pkg/scheduler/framework/plugins/podtopologyspread/scoring.go. */
const addSpreadScores = (compared: Compared, pod: Pod, reader: Reader): void => {
  const { count } = compared
  const raw = spreadPoints
  const own = pod.spec.topologySpreadConstraints !== undefined && pod.spec.topologySpreadConstraints.length > 0
  let constraints: readonly SpreadConstraint[]
  if (own) constraints = spreadConstraintsOf(pod, 'ScheduleAnyway')
  else {
    const selector = defaultSelector(pod, reader)
    constraints = selector === undefined ? [] : defaultConstraints(selector)
  }
  if (constraints.length === 0) return
  const ignored = own
    ? infosOf(compared).map(({ node }) => constraints.some(({ topologyKey }) => labelOfNode(node, topologyKey) === undefined))
    : undefined
  const taking = ignored === undefined ? count : ignored.filter((isIgnored) => !isIgnored).length
  for (let place = 0; place < count; place += 1) raw[place] = 0
  for (const constraint of constraints) addSpreadOf(raw, compared, constraint, taking, pod)
  let least = Number.MAX_SAFE_INTEGER
  let most = 0
  for (let place = 0; place < count; place += 1) {
    if (ignored?.[place] === true) continue
    const rounded = Math.floor(((raw[place] ?? 0) + million / 2) / million)
    raw[place] = rounded
    if (rounded < least) least = rounded
    if (rounded > most) most = rounded
  }
  for (let place = 0; place < count; place += 1) {
    if (ignored?.[place] === true) continue
    const score = most === 0 ? scoreMax : Math.floor((scoreMax * (most + least - (raw[place] ?? 0))) / most)
    scores[place] = (scores[place] ?? 0) + weights.spread * score
  }
}

// ---- preferences

/** Follows DefaultNormalizeScore in pkg/scheduler/framework/plugins/helper/normalize_score.go. */
const addNormalised = (raw: readonly number[], weight: number, reversed: boolean): void => {
  let most = 0
  for (const score of raw) if (score > most) most = score
  for (let position = 0; position < raw.length; position += 1) {
    const share = most === 0 ? 0 : Math.floor((scoreMax * (raw[position] ?? 0)) / most)
    scores[position] = (scores[position] ?? 0) + weight * (reversed ? scoreMax - share : share)
  }
}

const isPreference = (taint: Taint): boolean => taint.effect === 'PreferNoSchedule'

const addTaintScores = (compared: Compared, pod: Pod): void => {
  if (compared.snapshot.row().allAreOpen) return
  const nodes = infosOf(compared)
  if (!nodes.some(({ isOpen, node }) => !isOpen && node?.spec.taints?.some(isPreference) === true)) return
  // Only tolerations that could be meant for PreferNoSchedule count.
  const tolerations = pod.spec.tolerations?.filter(({ effect }) => effect === undefined || effect === 'PreferNoSchedule')
  const raw = nodes.map(
    ({ node }) => (node?.spec.taints ?? []).filter((taint) => isPreference(taint) && !isTolerated(taint, tolerations)).length,
  )
  addNormalised(raw, weights.taints, true)
}

const preferredScore = (pod: Pod, node: Node | undefined): number => {
  if (node === undefined) return 0
  let score = 0
  for (const { preference, weight } of pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
    if (nodeTermMatches(preference, node.metadata.name, node.metadata.labels)) score += weight
  return score
}

const addNodeAffinityScores = (compared: Compared, pod: Pod): void => {
  if (pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution === undefined) return
  addNormalised(
    infosOf(compared).map(({ node }) => preferredScore(pod, node)),
    weights.nodeAffinity,
    false,
  )
}

const hardAffinityWeight = 1

/** Follows pkg/scheduler/framework/plugins/interpodaffinity/scoring.go. */
const addPodAffinityScores = (compared: Compared, pod: Pod, reader: Reader): void => {
  const { snapshot } = compared
  const own = pod.spec.affinity
  const wished = own?.podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  const unwished = own?.podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
  if (wished.length === 0 && unwished.length === 0 && snapshot.affineNodes.size === 0) return
  /** `key=value` → score. */
  const domainScores = new Map<string, Map<string, number>>()
  const credit = (key: string, value: string | undefined, by: number): void => {
    if (value === undefined || by === 0) return
    const domains = domainScores.get(key)
    if (domains === undefined) domainScores.set(key, new Map([[value, by]]))
    else domains.set(value, (domains.get(value) ?? 0) + by)
  }
  for (const [wishes, sign] of [
    [wished, 1],
    [unwished, -1],
  ] as const)
    for (const { podAffinityTerm, weight } of wishes) {
      const term = termOf(pod, podAffinityTerm, reader)
      for (const [value, count] of domainsOfTerm(term, snapshot)) credit(term.topologyKey, value, sign * weight * count)
    }
  for (const info of snapshot.affineNodes)
    for (const other of info.affine.values()) {
      const { podAffinity, podAntiAffinity } = other.spec.affinity ?? {}
      for (const required of podAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [])
        if (termMatches(termOf(other, required, reader), pod))
          credit(required.topologyKey, labelOfNode(info.node, required.topologyKey), hardAffinityWeight)
      for (const { podAffinityTerm, weight } of podAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
        if (termMatches(termOf(other, podAffinityTerm, reader), pod))
          credit(podAffinityTerm.topologyKey, labelOfNode(info.node, podAffinityTerm.topologyKey), weight)
      for (const { podAffinityTerm, weight } of podAntiAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [])
        if (termMatches(termOf(other, podAffinityTerm, reader), pod))
          credit(podAffinityTerm.topologyKey, labelOfNode(info.node, podAffinityTerm.topologyKey), -weight)
    }
  if (domainScores.size === 0) return
  const raw = infosOf(compared).map(({ node }) => {
    let sum = 0
    for (const [key, domains] of domainScores) sum += domains.get(labelOfNode(node, key) ?? '') ?? 0
    return sum
  })
  let least = raw[0] ?? 0
  let most = least
  for (const score of raw) {
    if (score < least) least = score
    if (score > most) most = score
  }
  if (most === least) return
  for (let position = 0; position < raw.length; position += 1)
    scores[position] =
      (scores[position] ?? 0) + weights.podAffinity * Math.floor((scoreMax * ((raw[position] ?? 0) - least)) / (most - least))
}

/**
 * Which position a heap made of these scores has at its top. Follows newSortedNodeScores in pkg/scheduler/schedule_one.go and Init in
 * container/heap: v1.36 draws no lots among equals. An entry goes up only past a lower one, and the left of two equals is preferred, so
 * the top is the highest score that comes first when the tree is walked parent, left, right.
 */
export const heapTop = (points: ArrayLike<number>, count: number): number => {
  let most = Number.NEGATIVE_INFINITY
  let top = 0
  for (let place = 0; place < count; place += 1) {
    const score = points[place] ?? 0
    if (score < most || (score === most && !comesFirst(place, top))) continue
    most = score
    top = place
  }
  return top
}

/** Walked parent, left, right: of two places in different subtrees the left one, of ancestor and descendant the ancestor. */
const comesFirst = (one: number, other: number): boolean => {
  // Counted from 1, the binary digits of a place are the way to it from the root.
  const deeper = Math.clz32(other + 1) - Math.clz32(one + 1)
  return deeper >= 0 ? (one + 1) >>> deeper < other + 1 : one + 1 <= (other + 1) >>> -deeper
}

/** Points for the resources. */
const setResourceScores = ({ slots, count, snapshot }: Compared, requests: PodRequests): void => {
  const asksForNothing = requests.milliCpu === 0 && requests.memory === 0
  const { scoredAt, score: known } = snapshot.findingsFor(requests)
  const versions = snapshot.versions()
  for (let place = 0; place < count; place += 1) {
    const slot = slots[place] ?? 0
    const version = versions[slot] ?? 0
    if (scoredAt[slot] !== version) {
      const info = snapshot.bySlot[slot]
      if (info === undefined) continue
      known[slot] = weights.fit * fitScore(requests, info) + (asksForNothing ? 0 : weights.balance * balanceScore(requests, info))
      scoredAt[slot] = version
    }
    scores[place] = known[slot] ?? 0
  }
}

const placeOfEqual = (count: number, most: number, wanted: number): number => {
  let seen = 0
  for (let place = 0; place < count; place += 1)
    if (scores[place] === most) {
      if (seen === wanted) return place
      seen += 1
    }
  return -1
}

/**
 * The node with the highest score. `draw` is asked among equals: 0 is the one that Kubernetes takes when its workers look at the nodes in
 * order, then the others follow in the order given.
 */
export const bestOf = (
  { slots, count }: FoundNodes,
  pod: Pod,
  snapshot: Snapshot,
  reader: Reader,
  draw: (equals: number) => number,
): NodeInfo | undefined => {
  if (count === 1) return snapshot.bySlot[slots[0] ?? 0]
  makeRoomFor(count)
  const compared: Compared = { slots, count, snapshot }
  setResourceScores(compared, factsOf(pod).requests)
  addTaintScores(compared, pod)
  addNodeAffinityScores(compared, pod)
  addSpreadScores(compared, pod, reader)
  addPodAffinityScores(compared, pod, reader)
  const top = heapTop(scores, count)
  const most = scores[top] ?? 0
  let equals = 0
  for (let place = 0; place < count; place += 1) if (scores[place] === most) equals += 1
  const drawn = equals <= 1 ? 0 : draw(equals)
  if (drawn === 0) return snapshot.bySlot[slots[top] ?? 0]
  // The others follow in the order given, without the top.
  const among = placeOfEqual(count, most, drawn - 1)
  const place = among < top ? among : placeOfEqual(count, most, drawn)
  return snapshot.bySlot[slots[place] ?? 0]
}
