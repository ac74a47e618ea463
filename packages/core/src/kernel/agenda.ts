/**
 * What is due later, as plain data: a persistent leftist heap ordered by (dueAt, order). An old agenda stays valid, so a fork costs nothing.
 * (rxjs' VirtualTimeScheduler is linear per schedule and hides its actions; see docs/adr/0002-agenda-is-plain.md.)
 */
import type { SimTime } from './sim-time.js'

export interface AgendaItem<Work> {
  readonly dueAt: SimTime
  /** Unique and ascending: among items due at once the earlier one goes first. */
  readonly order: number
  readonly work: Work
}

interface Branch<Work> {
  readonly item: AgendaItem<Work>
  readonly rank: number
  readonly left: Branch<Work> | undefined
  readonly right: Branch<Work> | undefined
}

export interface Agenda<Work> {
  readonly root: Branch<Work> | undefined
  readonly size: number
}

export const emptyAgenda = <Work>(): Agenda<Work> => ({ root: undefined, size: 0 })

/** The total order of the agenda: earlier due first, then earlier put. */
export const isBefore = <Work>(a: AgendaItem<Work>, b: AgendaItem<Work>): boolean =>
  a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)

const rankOf = <Work>(branch: Branch<Work> | undefined): number => (branch === undefined ? 0 : branch.rank)

const join = <Work>(item: AgendaItem<Work>, a: Branch<Work> | undefined, b: Branch<Work> | undefined): Branch<Work> =>
  rankOf(a) >= rankOf(b) ? { item, rank: rankOf(b) + 1, left: a, right: b } : { item, rank: rankOf(a) + 1, left: b, right: a }

const merge = <Work>(a: Branch<Work> | undefined, b: Branch<Work> | undefined): Branch<Work> | undefined => {
  if (a === undefined) return b
  if (b === undefined) return a
  return isBefore(a.item, b.item) ? join(a.item, a.left, merge(a.right, b)) : join(b.item, b.left, merge(b.right, a))
}

export const putItem = <Work>(agenda: Agenda<Work>, item: AgendaItem<Work>): Agenda<Work> => ({
  root: merge(agenda.root, { item, rank: 1, left: undefined, right: undefined }),
  size: agenda.size + 1,
})

export const nextItem = <Work>(agenda: Agenda<Work>): AgendaItem<Work> | undefined => agenda.root?.item

export const withoutNext = <Work>(agenda: Agenda<Work>): Agenda<Work> =>
  agenda.root === undefined ? agenda : { root: merge(agenda.root.left, agenda.root.right), size: agenda.size - 1 }

const without = <Work>(branch: Branch<Work> | undefined, item: AgendaItem<Work>): Branch<Work> | undefined => {
  if (branch === undefined || isBefore(item, branch.item)) return branch
  if (branch.item.order === item.order) return merge(branch.left, branch.right)
  const left = without(branch.left, item)
  if (left !== branch.left) return join(branch.item, left, branch.right)
  const right = without(branch.right, item)
  return right === branch.right ? branch : join(branch.item, branch.left, right)
}

/** The agenda without this item, wherever it stands. */
export const withoutItem = <Work>(agenda: Agenda<Work>, item: AgendaItem<Work>): Agenda<Work> => {
  const root = without(agenda.root, item)
  return root === agenda.root ? agenda : { root, size: agenda.size - 1 }
}

/** So few are put in order one by one: a search asks for them after every look. */
const few = 32

/** All items in their order: for saving, showing and comparing. */
export const itemsOf = <Work>(agenda: Agenda<Work>): readonly AgendaItem<Work>[] => {
  const items: AgendaItem<Work>[] = []
  const pending: Branch<Work>[] = agenda.root === undefined ? [] : [agenda.root]
  for (let branch = pending.pop(); branch !== undefined; branch = pending.pop()) {
    items.push(branch.item)
    if (branch.left !== undefined) pending.push(branch.left)
    if (branch.right !== undefined) pending.push(branch.right)
  }
  if (items.length > few) return items.sort((a, b) => (isBefore(a, b) ? -1 : 1))
  for (let at = 1; at < items.length; at += 1) {
    const item = items[at]
    let place = at
    for (let before = items[place - 1]; item !== undefined && before !== undefined && isBefore(item, before); before = items[place - 1]) {
      items[place] = before
      place -= 1
    }
    if (item !== undefined) items[place] = item
  }
  return items
}

export const agendaOf = <Work>(items: readonly AgendaItem<Work>[]): Agenda<Work> => items.reduce<Agenda<Work>>(putItem, emptyAgenda<Work>())
