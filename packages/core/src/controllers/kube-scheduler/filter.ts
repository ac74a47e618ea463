/** Which nodes can take the Pod. Each plug-in in Kubernetes' order; the first that rejects a node gives the reason. */
import type { Node, Pod, Taint } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { isTolerated, unschedulableTaint } from '../../resources/node/queries.js'
import type { Rejection } from './failure-text.js'
import { factsOf, portsClash, type PodFacts, type PodRequests } from './requests.js'
import type { Findings, NodeInfo, Snapshot } from './snapshot.js'
import {
  acceptsNode,
  domainsOfAllTerms,
  domainsOfTerm,
  labelOfNode,
  spreadConstraintsOf,
  spreadDomains,
  spreadTally,
  termMatches,
  termOf,
  type DomainCounts,
  type SpreadConstraint,
  type Term,
} from './topology.js'
import { volumeRejection, type PodVolumes } from './volumes.js'
import { selectorMatches } from '../../api/label-selector.js'

const reject = (resolvable: boolean, ...reasons: readonly string[]): Rejection => ({ resolvable, reasons })

const cordoned: Taint = { key: unschedulableTaint, effect: 'NoSchedule' }

const isUnschedulable = reject(false, 'node(s) were unschedulable')
const isTainted = reject(false, 'node(s) had untolerated taint(s)')
const isNotSelected = reject(false, "node(s) didn't match Pod's node affinity/selector")
const hasNoPorts = reject(true, "node(s) didn't have free ports for the requested pod ports")
const isTooFull = reject(true, "node(s) didn't match pod topology spread constraints")
const hasNoDomain = reject(false, "node(s) didn't match pod topology spread constraints (missing required label)")
const lacksFriends = reject(false, "node(s) didn't match pod affinity rules")
const hasFoes = reject(true, "node(s) didn't match pod anti-affinity rules")
const isShunned = reject(true, "node(s) didn't satisfy existing pods anti-affinity rules")

/** The node as such: cordon, taints, selectors. What eviction cannot change. */
const nodeItselfRejects = (pod: Pod, node: Node): Rejection | undefined => {
  if (node.spec.unschedulable === true && !isTolerated(cordoned, pod.spec.tolerations)) return isUnschedulable
  if (node.spec.taints !== undefined)
    for (const taint of node.spec.taints)
      if (taint.effect !== 'PreferNoSchedule' && !isTolerated(taint, pod.spec.tolerations)) return isTainted
  return acceptsNode(pod, node) ? undefined : isNotSelected
}

/** Follows fitsRequest in pkg/scheduler/framework/plugins/noderesources/fit.go. May give several reasons. */
const fitRejection = ({ requests }: PodFacts, info: NodeInfo): Rejection | undefined => {
  const fits =
    info.pods.size + 1 <= info.podsMax &&
    (requests.milliCpu === 0 || requests.milliCpu <= info.milliCpu - info.usedMilliCpu) &&
    (requests.memory === 0 || requests.memory <= info.memory - info.usedMemory) &&
    (requests.ephemeralStorage === 0 || requests.ephemeralStorage <= info.ephemeralStorage - info.usedEphemeralStorage)
  return fits && requests.others.size === 0 ? undefined : whatIsLacking(requests, info)
}

const whatIsLacking = (requests: PodRequests, info: NodeInfo): Rejection | undefined => {
  const reasons: string[] = []
  let resolvable = true
  const check = (name: string, asked: number, total: number, used: number): void => {
    if (asked === 0 || asked <= total - used) return
    reasons.push(`Insufficient ${name}`)
    if (asked > total) resolvable = false
  }
  if (info.pods.size + 1 > info.podsMax) reasons.push('Too many pods')
  check('cpu', requests.milliCpu, info.milliCpu, info.usedMilliCpu)
  check('memory', requests.memory, info.memory, info.usedMemory)
  check('ephemeral-storage', requests.ephemeralStorage, info.ephemeralStorage, info.usedEphemeralStorage)
  for (const [name, asked] of requests.others) check(name, asked, info.others.get(name) ?? 0, info.usedOthers.get(name) ?? 0)
  return reasons.length === 0 ? undefined : { reasons, resolvable }
}

interface HardSpread {
  readonly constraint: SpreadConstraint
  readonly domains: DomainCounts
  readonly least: number
  readonly itself: number
}

interface HardAffinity {
  readonly terms: readonly Term[]
  readonly domains: readonly DomainCounts[]
  /** Nobody matches yet, and the Pod would match itself: the first of its kind. */
  readonly firstOfItsKind: boolean
}

/** All that is the same for every node in one cycle. */
export interface FilterState {
  readonly pod: Pod
  readonly facts: PodFacts
  readonly volumes: PodVolumes
  readonly hasVolumes: boolean
  /** Asks for labels of nodes. */
  readonly isChoosy: boolean
  /** Open nodes that have room are known by this, unless the Pod asks for more of the node itself. */
  readonly findings: Findings | undefined
  readonly versions: Float64Array
  /** A node that is open and has room may be refused all the same. */
  readonly looksFurther: boolean
  readonly reader: Reader
  readonly spreads: readonly HardSpread[]
  readonly affinity: HardAffinity | undefined
  readonly antiAffinity: readonly { readonly term: Term; readonly domains: DomainCounts }[]
  /** Topology key → domains that Pods already there do not share with this one. */
  readonly shunnedBy: ReadonlyMap<string, ReadonlySet<string>>
}

/** Follows getMinMatchNum: fewer domains than minDomains count as if one were empty. */
const leastOf = (domains: DomainCounts, minDomains: number): number => {
  if (domains.size < minDomains) return 0
  let least = Number.MAX_SAFE_INTEGER
  for (const count of domains.values()) if (count < least) least = count
  return least
}

const noSpreads: readonly HardSpread[] = []
const noTerms: FilterState['antiAffinity'] = []

const isFreeOfTaints = (pod: Pod, node: Node): boolean =>
  (node.spec.taints ?? []).every((taint) => taint.effect === 'PreferNoSchedule' || isTolerated(taint, pod.spec.tolerations))

const noShunned: ReadonlyMap<string, ReadonlySet<string>> = new Map()

/** Follows getExistingAntiAffinityCounts. */
const shunnedDomains = (pod: Pod, snapshot: Snapshot, reader: Reader): ReadonlyMap<string, ReadonlySet<string>> => {
  if (snapshot.affineNodes.size === 0) return noShunned
  const shunned = new Map<string, Set<string>>()
  for (const info of snapshot.affineNodes)
    for (const other of info.affine.values())
      for (const required of other.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const domain = labelOfNode(info.node, required.topologyKey)
        if (domain === undefined || shunned.get(required.topologyKey)?.has(domain) === true) continue
        if (!termMatches(termOf(other, required, reader), pod)) continue
        const domains = shunned.get(required.topologyKey)
        if (domains === undefined) shunned.set(required.topologyKey, new Set([domain]))
        else domains.add(domain)
      }
  return shunned
}

const affinityOf = (pod: Pod, snapshot: Snapshot, reader: Reader): HardAffinity | undefined => {
  const required = pod.spec.affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (required === undefined || required.length === 0) return undefined
  const terms = required.map((term) => termOf(pod, term, reader))
  const domains = domainsOfAllTerms(terms, snapshot)
  return { terms, domains, firstOfItsKind: domains.every(({ size }) => size === 0) && terms.every((term) => termMatches(term, pod)) }
}

export const prepareFilter = (pod: Pod, volumes: PodVolumes, snapshot: Snapshot, reader: Reader): FilterState => {
  const constraints = spreadConstraintsOf(pod, 'DoNotSchedule')
  const apart = pod.spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  const facts = factsOf(pod)
  const hasVolumes = volumes.bound.length > 0 || volumes.delayed.length > 0 || volumes.inUseElsewhere
  const isChoosy = pod.spec.nodeSelector !== undefined || pod.spec.affinity?.nodeAffinity !== undefined
  const affinity = affinityOf(pod, snapshot, reader)
  const shunnedBy = shunnedDomains(pod, snapshot, reader)
  return {
    pod,
    facts,
    volumes,
    hasVolumes,
    isChoosy,
    findings: isChoosy || facts.hostPorts.length > 0 ? undefined : snapshot.findingsFor(facts.requests),
    versions: snapshot.versions(),
    looksFurther: hasVolumes || constraints.length > 0 || affinity !== undefined || apart !== undefined || shunnedBy.size > 0,
    reader,
    spreads:
      constraints.length === 0
        ? noSpreads
        : constraints.map((constraint) => {
            const domains = spreadDomains(
              snapshot.row().nodes,
              spreadTally(pod, constraint.selector, snapshot),
              constraint,
              ({ node }) =>
                node !== undefined &&
                constraints.every(({ topologyKey }) => labelOfNode(node, topologyKey) !== undefined) &&
                (!constraint.honorsAffinity || acceptsNode(pod, node)) &&
                (!constraint.honorsTaints || isFreeOfTaints(pod, node)),
            )
            return {
              constraint,
              domains,
              least: leastOf(domains, constraint.minDomains),
              itself: selectorMatches(constraint.selector, pod.metadata.labels) ? 1 : 0,
            }
          }),
    affinity,
    antiAffinity:
      apart === undefined
        ? noTerms
        : apart.map((required) => {
            const term = termOf(pod, required, reader)
            return { term, domains: domainsOfTerm(term, snapshot) }
          }),
    shunnedBy,
  }
}

/** Follows Filter in pkg/scheduler/framework/plugins/podtopologyspread/filtering.go. */
const spreadRejection = (spreads: readonly HardSpread[], node: Node): Rejection | undefined => {
  for (const { constraint, domains, least, itself } of spreads) {
    const domain = labelOfNode(node, constraint.topologyKey)
    if (domain === undefined) return hasNoDomain
    if ((domains.get(domain) ?? 0) + itself - least > constraint.maxSkew) return isTooFull
  }
  return undefined
}

/** Follows Filter in pkg/scheduler/framework/plugins/interpodaffinity/filtering.go. */
const affinityRejection = ({ affinity, antiAffinity, shunnedBy }: FilterState, node: Node): Rejection | undefined => {
  if (affinity !== undefined) {
    let together = true
    for (const [position, { topologyKey }] of affinity.terms.entries()) {
      const domain = labelOfNode(node, topologyKey)
      if (domain === undefined) return lacksFriends
      if ((affinity.domains[position]?.get(domain) ?? 0) === 0) together = false
    }
    if (!together && !affinity.firstOfItsKind) return lacksFriends
  }
  for (const { term, domains } of antiAffinity) {
    const domain = labelOfNode(node, term.topologyKey)
    if (domain !== undefined && (domains.get(domain) ?? 0) > 0) return hasFoes
  }
  for (const [key, domains] of shunnedBy) {
    const domain = labelOfNode(node, key)
    if (domain !== undefined && domains.has(domain)) return isShunned
  }
  return undefined
}

const portsTaken = (facts: PodFacts, info: NodeInfo): boolean => {
  if (facts.hostPorts.length === 0 || info.hostPorts.size === 0) return false
  for (const taken of info.hostPorts.values())
    if (taken.some((port) => facts.hostPorts.some((wanted) => portsClash(wanted, port)))) return true
  return false
}

const isKnownToHaveRoom = ({ findings, versions }: FilterState, slot: number): boolean =>
  findings !== undefined && findings.roomAt[slot] === versions[slot]

/** The answer of `rejectionOf` is there already, and is no. */
export const isKnownToDo = (state: FilterState, slot: number): boolean => !state.looksFurther && isKnownToHaveRoom(state, slot)

/** The node itself, its ports, its room. */
const placeRejection = (state: FilterState, info: NodeInfo, node: Node): Rejection | undefined => {
  if (!info.isOpen || state.isChoosy) {
    const itself = nodeItselfRejects(state.pod, node)
    if (itself !== undefined) return itself
  }
  if (portsTaken(state.facts, info)) return hasNoPorts
  const unfit = fitRejection(state.facts, info)
  if (unfit === undefined && info.isOpen && state.findings !== undefined) state.findings.roomAt[info.slot] = state.versions[info.slot] ?? 0
  return unfit
}

/** Why the node will not do; undefined: it will. */
export const rejectionOf = (state: FilterState, info: NodeInfo): Rejection | undefined => {
  const { node } = info
  if (node === undefined) return isUnschedulable
  const refusal = isKnownToHaveRoom(state, info.slot) ? undefined : placeRejection(state, info, node)
  if (refusal !== undefined || !state.looksFurther) return refusal
  if (state.hasVolumes) {
    const refused = volumeRejection(node, state.volumes, state.reader)
    if (refused !== undefined) return reject(refused.resolvable, refused.reason)
  }
  return spreadRejection(state.spreads, node) ?? affinityRejection(state, node)
}
