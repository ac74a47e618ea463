/** The `world` steps of conformance scripts as facts of the simulated world. */
import type { ClusterCommand, WorldEvent } from '@statefold/core'
import type { WorldChange } from './decode-script.js'

type Behaviour = Extract<WorldEvent, { readonly kind: 'BehaviourSet' }>['behaviour']

const set = (behaviour: Behaviour): WorldEvent => ({ kind: 'BehaviourSet', behaviour })
const clear = (behaviour: Behaviour['kind'], target: string): WorldEvent => ({ kind: 'BehaviourCleared', behaviour, target })

const factsFor = (change: WorldChange, node: string | undefined): readonly WorldEvent[] => {
  const facts: WorldEvent[] = []
  if (node !== undefined && change.up !== undefined)
    facts.push(change.up ? { kind: 'NodeReconnected', node } : { kind: 'NodePartitioned', node })
  const pods = change.pod
  if (pods === undefined) return facts
  if (change.start !== undefined) facts.push(change.start === 'hold' ? set({ kind: 'StartHeld', pods }) : clear('StartHeld', pods))
  if (change.stop !== undefined) facts.push(change.stop === 'hold' ? set({ kind: 'StopHeld', pods }) : clear('StopHeld', pods))
  if (change.ready !== undefined) facts.push(change.ready ? clear('ProbeFailing', pods) : set({ kind: 'ProbeFailing', pods }))
  if (change.crash !== undefined) facts.push(change.crash ? set({ kind: 'Crashing', pods }) : clear('Crashing', pods))
  if (change.exit !== undefined) facts.push(set({ kind: 'Exiting', pods, exitCode: change.exit }))
  if (change.evict === true) facts.push(set({ kind: 'EvictionDue', pods }))
  return facts
}

export const worldCommandsFor = (change: WorldChange, node: string | undefined): readonly ClusterCommand[] =>
  factsFor(change, node).map((event) => ({ kind: 'ActOnWorld', event }))
