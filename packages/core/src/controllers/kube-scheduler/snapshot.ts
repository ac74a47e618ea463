/**
 * The scheduler's view of the nodes: what each can give and what is given away, and how many Pods of a selector each holds. It follows the
 * stores from version to version, so a cycle pays for what has changed and not for what is there. A memo of the stores it was asked for:
 * nothing in it can be told from reckoning anew.
 */
import type { LabelSelector, Node, Pod } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { keyOfObject, type KubernetesObject } from '../../api/object.js'
import { storeBehind } from '../../cluster/make-reader.js'
import type { Reader } from '../../cluster/reader.js'
import { followMap } from '../../kernel/map-difference.js'
import { emptyMap } from '../../kernel/persistent-map.js'
import { isTerminal, isTerminating } from '../../resources/pod/queries.js'
import { amountOf, factsOf, type HostPort, type PodRequests } from './requests.js'

export interface NodeInfo {
  readonly name: string
  /** Its place in what is kept of all nodes in one array each. Given to another node when this one is gone. */
  readonly slot: number
  /** Undefined while Pods are bound to a node that has no object. */
  node: Node | undefined
  /** The labels that are asked for most; undefined without the label. */
  hostname: string | undefined
  zone: string | undefined
  /** Neither tainted nor cordoned. */
  isOpen: boolean
  milliCpu: number
  memory: number
  ephemeralStorage: number
  podsMax: number
  others: ReadonlyMap<string, number>
  usedMilliCpu: number
  usedMemory: number
  usedEphemeralStorage: number
  scoredMilliCpu: number
  scoredMemory: number
  readonly usedOthers: Map<string, number>
  /** Pods that count: bound and not finished. */
  readonly pods: Map<string, Pod>
  readonly hostPorts: Map<string, readonly HostPort[]>
  /** Pods whose (anti-)affinity others must look at. */
  readonly affine: Map<string, Pod>
}

/**
 * What was found out about the nodes for Pods that ask for the same, by slot. It counts as long as the node's version is still the one it was
 * found out for: of a large cluster a cycle then looks at the nodes that have changed, and for the others reads a number.
 */
export interface Findings {
  /** The version of the node that was open and had room. */
  readonly roomAt: Float64Array
  /** The version of the node that has the score. */
  readonly scoredAt: Float64Array
  /** Points for the resources alone. */
  readonly score: Float64Array
}

/** How many Pods of a selector each node holds. */
export interface Tally {
  readonly matches: (pod: Pod) => boolean
  /** By slot of the node; may end before the last slot. */
  readonly counts: number[]
}

export const countAt = ({ counts }: Tally, slot: number): number => counts[slot] ?? 0
export const countOn = (tally: Tally, info: NodeInfo): number => countAt(tally, info.slot)

/** The nodes that have an object, by name. */
export interface NodeRow {
  readonly nodes: readonly NodeInfo[]
  readonly slots: Int32Array
  readonly allAreOpen: boolean
  readonly allHaveHostnames: boolean
  readonly someHaveZones: boolean
}

export interface Snapshot {
  readonly byName: ReadonlyMap<string, NodeInfo>
  readonly bySlot: readonly (NodeInfo | undefined)[]
  readonly row: () => NodeRow
  /** By slot: another number whenever anything about the node has changed. */
  readonly versions: () => Float64Array
  readonly findingsFor: (requests: PodRequests) => Findings
  /** Nodes that hold Pods with affinity terms. */
  readonly affineNodes: ReadonlySet<NodeInfo>
  readonly tally: (question: TallyQuestion) => Tally
}

export interface TallyQuestion {
  /** undefined: of every namespace. */
  readonly namespaces: readonly string[] | undefined
  readonly selector: LabelSelector | undefined
  readonly alsoTerminating: boolean
}

const talliesMax = 4_096

interface Index {
  readonly byName: Map<string, NodeInfo>
  readonly affineNodes: Set<NodeInfo>
  readonly tallies: Map<string, Tally>
  /** One label that all Pods of a tally have, by key ('' if there is none) and value → those tallies. */
  readonly talliesByLabel: Map<string, Map<string, Tally[]>>
  readonly bySlot: (NodeInfo | undefined)[]
  /** Slots of nodes that are gone. */
  readonly vacant: number[]
  versions: Float64Array
  readonly findings: Map<PodRequests, Findings>
  ordered: readonly NodeInfo[] | undefined
  row: NodeRow | undefined
}

let versionCount = 0

const renew = ({ versions }: Index, slot: number): void => {
  versionCount += 1
  versions[slot] = versionCount
}

/** Room for so many slots: what is by slot is made anew now and then, twice as long. */
const makeRoom = (index: Index, slots: number): void => {
  if (slots <= index.versions.length) return
  const versions = new Float64Array(2 * slots)
  versions.set(index.versions)
  index.versions = versions
  index.findings.clear()
}

const findingsMax = 64

const findingsFor = ({ findings, versions: { length } }: Index, requests: PodRequests): Findings => {
  const known = findings.get(requests)
  if (known !== undefined) return known
  if (findings.size >= findingsMax) findings.clear()
  const made = { roomAt: new Float64Array(length), scoredAt: new Float64Array(length), score: new Float64Array(length) }
  findings.set(requests, made)
  return made
}

const emptyInfo = (name: string, slot: number): NodeInfo => ({
  name,
  slot,
  node: undefined,
  hostname: undefined,
  zone: undefined,
  isOpen: false,
  milliCpu: 0,
  memory: 0,
  ephemeralStorage: 0,
  podsMax: 0,
  others: new Map(),
  usedMilliCpu: 0,
  usedMemory: 0,
  usedEphemeralStorage: 0,
  scoredMilliCpu: 0,
  scoredMemory: 0,
  usedOthers: new Map(),
  pods: new Map(),
  hostPorts: new Map(),
  affine: new Map(),
})

const infoOf = (index: Index, name: string): NodeInfo => {
  const known = index.byName.get(name)
  if (known !== undefined) return known
  const info = emptyInfo(name, index.vacant.pop() ?? index.bySlot.length)
  index.byName.set(name, info)
  makeRoom(index, info.slot + 1)
  index.bySlot[info.slot] = info
  renew(index, info.slot)
  return info
}

const forgetIfEmpty = (index: Index, info: NodeInfo): void => {
  if (info.node !== undefined || info.pods.size > 0) return
  index.byName.delete(info.name)
  index.bySlot[info.slot] = undefined
  index.vacant.push(info.slot)
}

export const hostnameLabel = 'kubernetes.io/hostname'
export const zoneLabel = 'topology.kubernetes.io/zone'

const standard: ReadonlySet<string> = new Set(['cpu', 'memory', 'ephemeral-storage', 'pods'])

const setNode = (index: Index, name: string, node: Node | undefined): void => {
  const info = infoOf(index, name)
  const hostname = node?.metadata.labels?.[hostnameLabel]
  const zone = node?.metadata.labels?.[zoneLabel]
  const isOpen = node !== undefined && node.spec.unschedulable !== true && (node.spec.taints ?? []).length === 0
  const isAsBefore = (info.node === undefined) === (node === undefined)
  if (!isAsBefore) index.ordered = undefined
  if (!isAsBefore || info.hostname !== hostname || info.zone !== zone || info.isOpen !== isOpen) index.row = undefined
  renew(index, info.slot)
  info.node = node
  info.hostname = hostname
  info.zone = zone
  info.isOpen = isOpen
  const allocatable = node?.status.allocatable ?? {}
  info.milliCpu = amountOf('cpu', allocatable['cpu'])
  info.memory = amountOf('memory', allocatable['memory'])
  info.ephemeralStorage = amountOf('ephemeral-storage', allocatable['ephemeral-storage'])
  info.podsMax = amountOf('pods', allocatable['pods'])
  info.others = new Map(
    Object.keys(allocatable)
      .filter((resource) => !standard.has(resource))
      .map((resource) => [resource, amountOf(resource, allocatable[resource])]),
  )
  forgetIfEmpty(index, info)
}

const isAffine = (pod: Pod): boolean => pod.spec.affinity?.podAffinity !== undefined || pod.spec.affinity?.podAntiAffinity !== undefined

const addCount = ({ counts }: Tally, slot: number, by: number): void => {
  while (counts.length <= slot) counts.push(0)
  counts[slot] = (counts[slot] ?? 0) + by
}

const recount = (index: Index, slot: number, pod: Pod, by: 1 | -1): void => {
  if (index.tallies.size === 0) return
  recountThose(index.talliesByLabel.get('')?.get(''), slot, pod, by)
  const labels = pod.metadata.labels
  for (const [key, byValue] of index.talliesByLabel) {
    const value = key === '' ? undefined : labels?.[key]
    if (value !== undefined) recountThose(byValue.get(value), slot, pod, by)
  }
}

const recountThose = (tallies: readonly Tally[] | undefined, slot: number, pod: Pod, by: 1 | -1): void => {
  if (tallies === undefined) return
  for (const tally of tallies) if (tally.matches(pod)) addCount(tally, slot, by)
}

const place = (index: Index, info: NodeInfo, key: string, pod: Pod, by: 1 | -1): void => {
  const { requests, hostPorts } = factsOf(pod)
  renew(index, info.slot)
  info.usedMilliCpu += by * requests.milliCpu
  info.usedMemory += by * requests.memory
  info.usedEphemeralStorage += by * requests.ephemeralStorage
  info.scoredMilliCpu += by * requests.scoredMilliCpu
  info.scoredMemory += by * requests.scoredMemory
  if (requests.others.size > 0)
    for (const [resource, amount] of requests.others) info.usedOthers.set(resource, (info.usedOthers.get(resource) ?? 0) + by * amount)
  if (by > 0) {
    info.pods.set(key, pod)
    if (hostPorts.length > 0) info.hostPorts.set(key, hostPorts)
    if (isAffine(pod)) info.affine.set(key, pod)
  } else {
    info.pods.delete(key)
    info.hostPorts.delete(key)
    info.affine.delete(key)
  }
  if (info.affine.size > 0) index.affineNodes.add(info)
  else index.affineNodes.delete(info)
  recount(index, info.slot, pod, by)
}

const counts = (pod: Pod): boolean => !isTerminal(pod)

/** Nothing that the snapshot looks at has changed: most changes of Pods are of their status. */
const alike = (before: Pod, after: Pod): boolean =>
  before.spec === after.spec &&
  before.metadata.labels === after.metadata.labels &&
  isTerminating(before) === isTerminating(after) &&
  counts(before) === counts(after)

const changePlace = (index: Index, key: string, old: Pod | undefined, next: Pod | undefined): void => {
  const from = old?.spec.nodeName ?? ''
  const to = next?.spec.nodeName ?? ''
  if (from === '' && to === '') return
  if (from === to && old !== undefined && next !== undefined && alike(old, next)) {
    const pods = index.byName.get(to)?.pods
    if (pods?.has(key) === true) pods.set(key, next)
    return
  }
  if (from !== '' && old !== undefined && counts(old)) {
    const info = infoOf(index, from)
    place(index, info, key, old, -1)
    forgetIfEmpty(index, info)
  }
  if (to !== '' && next !== undefined && counts(next)) place(index, infoOf(index, to), key, next, 1)
}

/** One label that all Pods of the selector have; '' if there is none. */
const pivotOf = (selector: LabelSelector | undefined): readonly [key: string, value: string] => {
  for (const key in selector?.matchLabels) return [key, selector.matchLabels[key] ?? '']
  return ['', '']
}

const selectorTexts = new WeakMap<LabelSelector, string>()

const textOfSelector = (selector: LabelSelector | undefined): string => {
  if (selector === undefined) return 'null'
  const known = selectorTexts.get(selector)
  if (known !== undefined) return known
  const text = writeSelector(selector)
  selectorTexts.set(selector, text)
  return text
}

const writeSelector = (selector: LabelSelector): string => {
  if (selector.matchExpressions !== undefined) return JSON.stringify(selector)
  let text = ''
  for (const key in selector.matchLabels) text += `${key}=${selector.matchLabels[key] ?? ''},`
  return text
}

const tallyOf = (index: Index, { namespaces, selector, alsoTerminating }: TallyQuestion): Tally => {
  const name = `${alsoTerminating ? '+' : '-'} ${namespaces?.join() ?? '*'} ${textOfSelector(selector)}`
  const known = index.tallies.get(name)
  if (known !== undefined) return known
  if (index.tallies.size >= talliesMax) {
    index.tallies.clear()
    index.talliesByLabel.clear()
  }
  const matches = (pod: Pod): boolean =>
    (namespaces === undefined || namespaces.includes(pod.metadata.namespace ?? '')) &&
    (alsoTerminating || !isTerminating(pod)) &&
    selectorMatches(selector, pod.metadata.labels)
  const tally: Tally = { matches, counts: [] }
  const [pivot, value] = pivotOf(selector)
  for (const info of index.byName.values()) {
    let count = 0
    for (const pod of info.pods.values()) if ((pivot === '' || pod.metadata.labels?.[pivot] === value) && matches(pod)) count += 1
    if (count > 0) addCount(tally, info.slot, count)
  }
  index.tallies.set(name, tally)
  const byValue = index.talliesByLabel.get(pivot) ?? new Map<string, Tally[]>()
  index.talliesByLabel.set(pivot, byValue)
  const others = byValue.get(value)
  if (others === undefined) byValue.set(value, [tally])
  else others.push(tally)
  return tally
}

const index: Index = {
  byName: new Map(),
  affineNodes: new Set(),
  tallies: new Map(),
  talliesByLabel: new Map(),
  bySlot: [],
  vacant: [],
  versions: new Float64Array(64),
  findings: new Map(),
  ordered: undefined,
  row: undefined,
}

const orderNodes = ({ byName }: Index): readonly NodeInfo[] =>
  [...byName.values()]
    .filter(({ node }) => node !== undefined)
    .sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0))

const rowOf = (index: Index): NodeRow => {
  index.ordered ??= orderNodes(index)
  const nodes = index.ordered
  return {
    nodes,
    slots: Int32Array.from(nodes, ({ slot }) => slot),
    allAreOpen: nodes.every(({ isOpen }) => isOpen),
    allHaveHostnames: nodes.every(({ hostname }) => hostname !== undefined),
    someHaveZones: nodes.some(({ zone }) => zone !== undefined),
  }
}

const followNodes = followMap<KubernetesObject, Index>(index, emptyMap(), (shared, name, _, after) => {
  setNode(shared, name, after as Node | undefined) // the store of Nodes
})
const snapshot: Snapshot = {
  byName: index.byName,
  affineNodes: index.affineNodes,
  bySlot: index.bySlot,
  row: () => (index.row ??= rowOf(index)),
  versions: () => index.versions,
  findingsFor: (requests) => findingsFor(index, requests),
  tally: (question) => tallyOf(index, question),
}

/** A Pod that was promised a node and is not bound yet: its volumes are being made, or others are still leaving. It takes its room already. */
const promiseOf = (pod: Pod | undefined): string | undefined => {
  const promised = pod?.status.nominatedNodeName
  return promised === undefined || promised === '' || (pod?.spec.nodeName ?? '') !== '' || (pod !== undefined && isTerminal(pod))
    ? undefined
    : promised
}
const promiseKey = (key: string): string => `promised ${key}`

const changePromise = (shared: Index, key: string, old: Pod | undefined, next: Pod | undefined): void => {
  const from = promiseOf(old)
  const to = promiseOf(next)
  if (from === to && (old === undefined || next === undefined || alike(old, next))) return
  if (from !== undefined && old !== undefined) {
    const info = infoOf(shared, from)
    place(shared, info, promiseKey(key), old, -1)
    forgetIfEmpty(shared, info)
  }
  if (to !== undefined && next !== undefined) place(shared, infoOf(shared, to), promiseKey(key), next, 1)
}
const followPods = followMap<KubernetesObject, Index>(index, emptyMap(), (shared, key, before, after) => {
  // The store of Pods.
  const old = before as Pod | undefined
  const next = after as Pod | undefined
  changePlace(shared, key, old, next)
  changePromise(shared, key, old, next)
})

/** The promise to the Pod that is being placed does not stand in its own way: it is put aside for one cycle. */
let aside: { readonly info: NodeInfo; readonly key: string; readonly pod: Pod } | undefined

/** As the Pod `placing` sees it. Valid until the next call. */
export const snapshotOf = (reader: Reader, placing?: Pod): Snapshot => {
  if (aside !== undefined) {
    place(index, aside.info, aside.key, aside.pod, 1)
    aside = undefined
  }
  followNodes(storeBehind(reader, 'Node').objects)
  followPods(storeBehind(reader, 'Pod').objects)
  const promised = promiseOf(placing)
  if (placing !== undefined && promised !== undefined) {
    const info = infoOf(index, promised)
    const key = promiseKey(keyOfObject(placing))
    const pod = info.pods.get(key)
    if (pod !== undefined) {
      place(index, info, key, pod, -1)
      aside = { info, key, pod }
    }
  }
  return snapshot
}
