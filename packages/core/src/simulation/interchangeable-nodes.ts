/**
 * The hash of a state in which nodes are told apart by what is on them, not by their names: two states that differ in which of some alike nodes is
 * which have one hash.
 *
 * A state is hashed under other names: its nodes are put in an order that hangs on what each has, and the first of them takes the first name, and so
 * on. Whatever the order, the new names are a renaming of the old ones, so states with one hash are the same but for names. (An order that takes two
 * nodes for alike that are not merely makes fewer states one.)
 */
import { storeOf } from '../cluster/state.js'
import { findObject } from '../cluster/store.js'
import { forEachEntry, getAt } from '../kernel/persistent-map.js'
import { makeValueHasher, mixed, plus, zeroHash, type Hash } from '../kernel/value-hash.js'
import type { RunState } from './run-state.js'
import { makeStateHasher, stateHashRules, type StateHasher, type StateSums } from './state-hash.js'

/** One hasher for each way to name so many nodes: 24. */
export const interchangeableMax = 4

/** Where a machine was in the row of those that were added: as good as a name. */
const isLeftOut = (field: string): boolean => field === 'index'

/** Any of the names where it is written whole, the longest first. */
const anyOf = (names: readonly string[]): RegExp => {
  const longestFirst = [...names].sort((left, right) => right.length - left.length)
  return new RegExp(`(?<![0-9A-Za-z])(?:${longestFirst.map((name) => name.replace(/[.]/g, '\\.')).join('|')})(?![0-9A-Za-z])`, 'g')
}

/** Whether the one is written in the other, so that it would be renamed there. */
export const isNamedIn = (name: string, text: string): boolean => text.search(anyOf([name])) >= 0

/** What stands for a node in the texts of a state, the name first: as many for each node, in one order. */
type Identity = readonly string[]

const identityOf = (run: RunState, node: string): Identity => {
  const address = getAt(run.cluster.world.machines, node)?.address
  return address === undefined ? [node] : [node, address]
}

const renaming = (identities: readonly Identity[], to: readonly Identity[]): ((text: string) => string) => {
  const names = new Map(identities.flatMap((identity, at) => identity.map((word, place) => [word, to[at]?.[place] ?? word] as const)))
  const pattern = anyOf([...names.keys()])
  return (text) => text.replace(pattern, (word) => names.get(word) ?? word)
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** `nodes`: at most `interchangeableMax`, all of them in `start`; no name may be written in another's. */
export const makeSymmetricHasher = (nodes: readonly string[], start: RunState): StateHasher => {
  const names = [...nodes].sort(byText)
  const identities = names.map((name) => identityOf(start, name))
  const paths = new Map<string, string>()
  /** All nodes go by one name. */
  const one = identities[0] ?? []
  const alike = renaming(
    identities,
    identities.map(() => one),
  )
  const { value, text } = makeValueHasher(stateHashRules({ paths, renamed: alike, isLeftOut }))

  /** What a node has, whatever its name. */
  const likenessOf = ({ cluster, queues }: RunState): ReadonlyMap<string, Hash> => {
    const found = new Map<string, Hash>()
    const has = (node: string | undefined, what: () => Hash): void => {
      const before = node === undefined ? undefined : found.get(node)
      if (node !== undefined && before !== undefined) found.set(node, plus(before, what()))
    }
    for (const name of names)
      found.set(name, mixed(value(findObject(storeOf(cluster, 'Node'), name)), value(getAt(cluster.world.machines, name))))
    forEachEntry(storeOf(cluster, 'Pod').objects, (key, pod) => {
      // Stored Pods have a Pod's form.
      const { spec } = pod as { readonly spec?: { readonly nodeName?: string } }
      has(spec?.nodeName, () => mixed(text(key), value(pod)))
    })
    // What is to be looked at there: `node-1`, `node-1/default/web-0/…`.
    forEachEntry(queues, (controller, queue) => {
      forEachEntry(queue, (key, { dueAt, delayedUntil, memory }) => {
        if (dueAt === undefined && delayedUntil === undefined && memory === undefined) return
        const end = key.indexOf('/')
        has(end < 0 ? key : key.slice(0, end), () =>
          mixed(
            mixed(text(controller), text(key)),
            mixed(value((dueAt === undefined ? 0 : 1) + (delayedUntil === undefined ? 0 : 2)), value(memory)),
          ),
        )
      })
    })
    return found
  }

  /** The nodes in the order in which they take the names: those that are alike in that of their own. */
  const orderIn = (run: RunState): readonly string[] => {
    const likeness = likenessOf(run)
    return [...names].sort((left, right) => {
      const [first, second] = [likeness.get(left) ?? zeroHash, likeness.get(right) ?? zeroHash]
      return first.high - second.high || first.low - second.low
    })
  }

  const hashers = new Map<string, StateHasher>()
  const hasherOf = (naming: string): StateHasher => {
    const known = hashers.get(naming)
    if (known !== undefined) return known
    const order = naming.split(' ')
    const renamed = renaming(
      order.map((name) => identities[names.indexOf(name)] ?? []),
      identities,
    )
    const made = makeStateHasher({ renamed, paths, isLeftOut })
    hashers.set(naming, made)
    return made
  }

  const sumsOf = (run: RunState): StateSums => {
    const naming = orderIn(run).join(' ')
    return { ...hasherOf(naming).sumsOf(run), naming }
  }
  const combine: StateHasher['combine'] = (sums, run, pending, more) =>
    hasherOf(sums.naming ?? names.join(' ')).combine(sums, run, pending, more)

  return {
    learn: (uid, path) => {
      paths.set(uid, path)
    },
    hash: (run, pending, more) => combine(sumsOf(run), run, pending, more),
    sumsOf,
    sumsAfter: (sums, before, after) => {
      const naming = before.cluster === after.cluster && before.queues === after.queues ? sums.naming : orderIn(after).join(' ')
      if (naming === undefined || naming !== sums.naming) return sumsOf(after)
      return { ...hasherOf(naming).sumsAfter(sums, before, after), naming }
    },
    combine,
  }
}
