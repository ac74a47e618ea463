/** The `world` steps of conformance scripts as facts of the simulated world. */
import { matchesPattern, type ClusterCommand, type Reader, type WorldEvent } from '@statefold/core'
import type { WorldChange } from './decode-script.js'

type Behaviour = Extract<WorldEvent, { readonly kind: 'BehaviourSet' }>['behaviour']

const set = (behaviour: Behaviour): WorldEvent => ({ kind: 'BehaviourSet', behaviour })
const clear = (behaviour: Behaviour['kind'], target: string): WorldEvent => ({ kind: 'BehaviourCleared', behaviour, target })

const nameLetters = 'abcdefghijklmnopqrstuvwxyz0123456789-.'.split('')

/** `web-[01]`, `web-[^0]`: the world knows `*` and `?` alone, so a class becomes one pattern for each of its letters. */
const withoutClasses = (pattern: string): readonly string[] => {
  const found = /\[(\^?)([^\]]+)\]/.exec(pattern)
  if (found === null) return [pattern]
  const [whole, negated, letters = ''] = found
  const isIn = (letter: string): boolean => {
    for (let at = 0; at < letters.length; at += 1) {
      const low = letters.charAt(at)
      if (letters.charAt(at + 1) === '-' && at + 2 < letters.length) {
        if (letter >= low && letter <= letters.charAt(at + 2)) return true
        at += 2
      } else if (letter === low) return true
    }
    return false
  }
  const before = pattern.slice(0, found.index)
  const after = pattern.slice(found.index + whole.length)
  return nameLetters.filter((letter) => isIn(letter) !== (negated === '^')).flatMap((letter) => withoutClasses(before + letter + after))
}

/** An eviction happens once: a pattern means the Pods that are there now, a name also one that comes later. */
const evictedBy = (pattern: string, reader: Reader): readonly string[] =>
  /[*?]/.test(pattern)
    ? reader
        .list('Pod')
        .map(({ metadata }) => metadata.name)
        .filter((name) => matchesPattern(pattern, name))
    : [pattern]

const factsForPods = (change: WorldChange, pods: string, reader: Reader): readonly WorldEvent[] => {
  const facts: WorldEvent[] = []
  if (change.start !== undefined) facts.push(change.start === 'hold' ? set({ kind: 'StartHeld', pods }) : clear('StartHeld', pods))
  if (change.stop !== undefined) facts.push(change.stop === 'hold' ? set({ kind: 'StopHeld', pods }) : clear('StopHeld', pods))
  if (change.ready !== undefined) facts.push(change.ready ? clear('ProbeFailing', pods) : set({ kind: 'ProbeFailing', pods }))
  if (change.crash !== undefined) facts.push(change.crash ? set({ kind: 'Crashing', pods }) : clear('Crashing', pods))
  if (change.exit !== undefined) facts.push(set({ kind: 'Exiting', pods, exitCode: change.exit }))
  if (change.evict === true) facts.push(...evictedBy(pods, reader).map((name) => set({ kind: 'EvictionDue', pods: name })))
  return facts
}

/** A step that names a node is about the node, whatever else it says. `node`: what `of web-1` or `last` stands for. */
export const worldCommandsFor = (change: WorldChange, node: string | undefined, reader: Reader): readonly ClusterCommand[] => {
  const facts: readonly WorldEvent[] =
    change.node !== undefined
      ? node === undefined || node === '' || change.up === undefined
        ? []
        : [change.up ? { kind: 'NodeReconnected', node } : { kind: 'NodePartitioned', node }]
      : withoutClasses(change.pod ?? '').flatMap((pods) => (pods === '' ? [] : factsForPods(change, pods, reader)))
  return facts.map((event) => ({ kind: 'ActOnWorld', event }))
}
