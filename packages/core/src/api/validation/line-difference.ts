/**
 * The difference of two values as the server shows it in messages: both as indented JSON, then a unified diff of their lines. Follows Diff in
 * apimachinery/pkg/util/diff and the sequence matcher of go-difflib that it uses.
 */
import type { Json } from '../../kernel/json.js'

interface Block {
  readonly left: number
  readonly right: number
  readonly size: number
}

const positionsIn = (lines: readonly string[]): ReadonlyMap<string, readonly number[]> => {
  const positions = new Map<string, number[]>()
  for (const [index, line] of lines.entries()) {
    const list = positions.get(line)
    if (list === undefined) positions.set(line, [index])
    else list.push(index)
  }
  // In long texts lines that stand for more than one in a hundred do not begin a match.
  if (lines.length >= 200) {
    const limit = Math.floor(lines.length / 100) + 1
    for (const [line, list] of positions) if (list.length > limit) positions.delete(line)
  }
  return positions
}

// The longest run that both have in the given ranges; of equal ones the first.
const longestMatch = (
  left: readonly string[],
  right: readonly string[],
  positions: ReadonlyMap<string, readonly number[]>,
  range: readonly [number, number, number, number],
): Block => {
  const [leftFrom, leftTo, rightFrom, rightTo] = range
  let best: Block = { left: leftFrom, right: rightFrom, size: 0 }
  let lengths = new Map<number, number>()
  for (let at = leftFrom; at < leftTo; at += 1) {
    const next = new Map<number, number>()
    for (const other of positions.get(left[at] ?? '') ?? []) {
      if (other < rightFrom) continue
      if (other >= rightTo) break
      const size = (lengths.get(other - 1) ?? 0) + 1
      next.set(other, size)
      if (size > best.size) best = { left: at - size + 1, right: other - size + 1, size }
    }
    lengths = next
  }
  while (best.left > leftFrom && best.right > rightFrom && left[best.left - 1] === right[best.right - 1])
    best = { left: best.left - 1, right: best.right - 1, size: best.size + 1 }
  while (
    best.left + best.size < leftTo &&
    best.right + best.size < rightTo &&
    left[best.left + best.size] === right[best.right + best.size]
  )
    best = { ...best, size: best.size + 1 }
  return best
}

const matchingBlocks = (left: readonly string[], right: readonly string[]): readonly Block[] => {
  const positions = positionsIn(right)
  const blocks: Block[] = []
  const pending: (readonly [number, number, number, number])[] = [[0, left.length, 0, right.length]]
  for (let range = pending.pop(); range !== undefined; range = pending.pop()) {
    const match = longestMatch(left, right, positions, range)
    if (match.size === 0) continue
    blocks.push(match)
    const [leftFrom, leftTo, rightFrom, rightTo] = range
    pending.push([leftFrom, match.left, rightFrom, match.right], [match.left + match.size, leftTo, match.right + match.size, rightTo])
  }
  const sorted = blocks.sort((one, other) => one.left - other.left)
  const joined: Block[] = []
  for (const block of sorted) {
    const last = joined.at(-1)
    if (last !== undefined && last.left + last.size === block.left && last.right + last.size === block.right)
      joined[joined.length - 1] = { ...last, size: last.size + block.size }
    else joined.push(block)
  }
  return [...joined, { left: left.length, right: right.length, size: 0 }]
}

interface Step {
  readonly same: boolean
  readonly leftFrom: number
  readonly leftTo: number
  readonly rightFrom: number
  readonly rightTo: number
}

const stepsBetween = (left: readonly string[], right: readonly string[]): readonly Step[] => {
  const steps: Step[] = []
  let [leftAt, rightAt] = [0, 0]
  for (const block of matchingBlocks(left, right)) {
    if (leftAt < block.left || rightAt < block.right)
      steps.push({ same: false, leftFrom: leftAt, leftTo: block.left, rightFrom: rightAt, rightTo: block.right })
    if (block.size > 0)
      steps.push({
        same: true,
        leftFrom: block.left,
        leftTo: block.left + block.size,
        rightFrom: block.right,
        rightTo: block.right + block.size,
      })
    leftAt = block.left + block.size
    rightAt = block.right + block.size
  }
  return steps
}

const context = 3

// Groups of changes with at most three equal lines before, between (twice that) and after.
const groupsOf = (steps: readonly Step[]): readonly (readonly Step[])[] => {
  const groups: Step[][] = []
  let group: Step[] = []
  for (const [index, step] of steps.entries()) {
    let current = step
    if (step.same && index === 0)
      current = {
        ...step,
        leftFrom: Math.max(step.leftFrom, step.leftTo - context),
        rightFrom: Math.max(step.rightFrom, step.rightTo - context),
      }
    if (current.same && index === steps.length - 1) {
      current = {
        ...current,
        leftTo: Math.min(current.leftTo, current.leftFrom + context),
        rightTo: Math.min(current.rightTo, current.rightFrom + context),
      }
    } else if (current.same && current.leftTo - current.leftFrom > 2 * context) {
      group.push({ ...current, leftTo: current.leftFrom + context, rightTo: current.rightFrom + context })
      groups.push(group)
      group = []
      current = { ...current, leftFrom: current.leftTo - context, rightFrom: current.rightTo - context }
    }
    group.push(current)
  }
  if (group.some(({ same }) => !same)) groups.push(group)
  return groups.filter((members) => members.some(({ same }) => !same))
}

const rangeText = (from: number, to: number): string => {
  const length = to - from
  if (length === 1) return String(from + 1)
  return `${length === 0 ? from : from + 1},${length}`
}

/** Empty when they are equal; else lines that each end in a line break. */
export const differenceText = (before: Json, after: Json): string => {
  const [left, right] = [JSON.stringify(before, null, 1).split('\n'), JSON.stringify(after, null, 1).split('\n')]
  let text = ''
  for (const group of groupsOf(stepsBetween(left, right))) {
    const [first, last] = [group[0], group.at(-1)]
    if (first === undefined || last === undefined) continue
    text += `@@ -${rangeText(first.leftFrom, last.leftTo)} +${rangeText(first.rightFrom, last.rightTo)} @@\n`
    for (const step of group) {
      if (step.same) for (const line of left.slice(step.leftFrom, step.leftTo)) text += ` ${line}\n`
      else {
        for (const line of left.slice(step.leftFrom, step.leftTo)) text += `-${line}\n`
        for (const line of right.slice(step.rightFrom, step.rightTo)) text += `+${line}\n`
      }
    }
  }
  return text
}
