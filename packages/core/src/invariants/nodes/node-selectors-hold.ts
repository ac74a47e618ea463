import { keyOf } from '../../api/object.js'
import type { Node } from '../../api/generated/types.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'

const name = 'nodes/node-selectors-hold'

/** N4, as far as nodeSelector goes, in the scheduler's view */
export const nodeSelectorsHold: Invariant = {
  name,
  promise: 'The scheduler binds a Pod only to a node with the labels that its nodeSelector asks for.',
  expectation: 'always',
  concerns: ['PodScheduled'],
  check: (observation) => {
    const { view, before, after, recorded } = observation
    if (before === after || recorded.actor !== 'default-scheduler') return undefined
    const pod = asPod(changeOf(observation)?.after)
    const selector = pod?.spec.nodeSelector
    if (pod === undefined || selector === undefined) return undefined
    const nodeName = pod.spec.nodeName ?? ''
    // The store of Nodes.
    const stored = findObject(storeOf(before, 'Node'), keyOf('', nodeName)) as unknown as Node | undefined
    const labels = (view === undefined ? stored : view.get('Node', '', nodeName))?.metadata.labels ?? {}
    const missing = Object.keys(selector).find((key) => labels[key] !== selector[key])
    if (missing === undefined) return undefined
    return {
      invariant: name,
      message: `${pod.metadata.name} was bound to ${nodeName}, whose label ${missing} is ${JSON.stringify(labels[missing] ?? null)}; expected ${JSON.stringify(selector[missing])}`,
    }
  },
}
