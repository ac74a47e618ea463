/** How whole zones fare decides whether Pods are evicted at all. Follows ComputeZoneState and handleDisruption in pkg/controller/nodelifecycle/node_lifecycle_controller.go. */
import type { Node } from '../../api/generated/types.js'
import { isNodeReady } from '../../resources/node/queries.js'

/** Follows GetZoneKey in component-helpers/node/topology/helpers.go. */
export const zoneOf = (node: Node): string => {
  const labels = node.metadata.labels ?? {}
  const region = labels['topology.kubernetes.io/region'] ?? labels['failure-domain.beta.kubernetes.io/region'] ?? ''
  const zone = labels['topology.kubernetes.io/zone'] ?? labels['failure-domain.beta.kubernetes.io/zone'] ?? ''
  return region === '' && zone === '' ? '' : `${region}:${zone}`
}

export type ZoneState = 'normal' | 'partly disrupted' | 'fully disrupted'

export const zoneStateOf = (nodes: readonly Node[]): ZoneState => {
  const down = nodes.filter((node) => !isNodeReady(node)).length
  if (down === nodes.length && down > 0) return 'fully disrupted'
  return down > 2 && down * 100 >= 55 * nodes.length ? 'partly disrupted' : 'normal'
}

const largeZone = 50

/** Pause between two evictions of a zone; undefined: none at all. 0.1 nodes a second, in a partly disrupted large zone 0.01. */
export const evictionPauseMs = (zone: string, nodes: readonly Node[]): number | undefined => {
  const zones = new Map<string, Node[]>()
  for (const node of nodes) {
    const name = zoneOf(node)
    const members = zones.get(name)
    if (members === undefined) zones.set(name, [node])
    else members.push(node)
  }
  // When every zone is down the control plane itself is cut off, more likely than not.
  if ([...zones.values()].every((members) => zoneStateOf(members) === 'fully disrupted')) return undefined
  const members = zones.get(zone) ?? []
  switch (zoneStateOf(members)) {
    case 'normal':
    case 'fully disrupted':
      return 10_000
    case 'partly disrupted':
      return members.length > largeZone ? 100_000 : undefined
  }
}
