/**
 * The difference of two texts as `diff -u` shows it: the fewest changed lines, with three lines around them. A change that can stand at
 * several places stands at the last, as GNU diff has it.
 */

const context = 3

/** Which lines of each side have no partner on the other. Follows E. Myers, An O(ND) Difference Algorithm, with a bound on the edits. */
const changesOf = (left: readonly string[], right: readonly string[]): { readonly deleted: boolean[]; readonly inserted: boolean[] } => {
  const deleted = left.map(() => true)
  const inserted = right.map(() => true)
  let head = 0
  while (head < left.length && head < right.length && left[head] === right[head]) head += 1
  let tail = 0
  while (tail < left.length - head && tail < right.length - head && left[left.length - 1 - tail] === right[right.length - 1 - tail])
    tail += 1
  for (let at = 0; at < head; at += 1) {
    deleted[at] = false
    inserted[at] = false
  }
  for (let at = 1; at <= tail; at += 1) {
    deleted[left.length - at] = false
    inserted[right.length - at] = false
  }
  const a = left.slice(head, left.length - tail)
  const b = right.slice(head, right.length - tail)
  const trace: Map<number, number>[] = []
  const reach = new Map<number, number>([[1, 0]])
  const at = (diagonal: number): number => reach.get(diagonal) ?? -1
  const bound = Math.min(a.length + b.length, 2_000)
  for (let edits = 0; edits <= bound; edits += 1) {
    trace.push(new Map(reach))
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1)) ? at(diagonal + 1) : at(diagonal - 1) + 1
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x += 1
      reach.set(diagonal, x)
      if (x < a.length || x - diagonal < b.length) continue
      backtrack(trace, a.length, b.length, (x0, y0) => {
        deleted[head + x0] = false
        inserted[head + y0] = false
      })
      return { deleted, inserted }
    }
  }
  return { deleted, inserted }
}

/** The pairs of equal lines on the way that was found. */
const backtrack = (trace: readonly Map<number, number>[], width: number, height: number, pair: (x: number, y: number) => void): void => {
  let [x, y] = [width, height]
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const reach = trace[edits] ?? new Map<number, number>()
    const at = (diagonal: number): number => reach.get(diagonal) ?? -1
    const diagonal = x - y
    const before = diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1)) ? diagonal + 1 : diagonal - 1
    const fromX = edits === 0 ? 0 : at(before)
    const fromY = edits === 0 ? 0 : fromX - before
    while (x > fromX && y > fromY) {
      x -= 1
      y -= 1
      pair(x, y)
    }
    x = fromX
    y = fromY
  }
}

/** Follows shift_boundaries in GNU diffutils: a run of changes moves down as long as the line after it is the same as its first. */
const slideDown = (lines: readonly string[], changed: boolean[]): void => {
  for (let end = lines.length; end > 0;) {
    if (changed[end - 1] !== true) {
      end -= 1
      continue
    }
    let start = end
    while (start > 0 && changed[start - 1] === true) start -= 1
    const next = start
    let last = end
    while (last < lines.length && changed[last] !== true && lines[start] === lines[last]) {
      changed[start] = false
      changed[last] = true
      start += 1
      last += 1
    }
    end = next
  }
}

interface Row {
  readonly mark: ' ' | '-' | '+'
  readonly text: string
  readonly left: number
  readonly right: number
}

const rowsOf = (left: readonly string[], right: readonly string[]): readonly Row[] => {
  const { deleted, inserted } = changesOf(left, right)
  slideDown(left, deleted)
  slideDown(right, inserted)
  const rows: Row[] = []
  let [x, y] = [0, 0]
  while (x < left.length || y < right.length) {
    const place = { left: x, right: y }
    if (x < left.length && deleted[x] === true) {
      rows.push({ mark: '-', text: left[x] ?? '', ...place })
      x += 1
    } else if (y < right.length && inserted[y] === true) {
      rows.push({ mark: '+', text: right[y] ?? '', ...place })
      y += 1
    } else {
      rows.push({ mark: ' ', text: left[x] ?? '', ...place })
      x += 1
      y += 1
    }
  }
  return rows
}

const rangeText = (first: number, count: number): string =>
  count === 1 ? String(first + 1) : `${count === 0 ? first : first + 1},${count}`

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'))

/** The hunks alone, without the two lines that name the files; empty for equal texts. */
export const unifiedDifference = (leftText: string, rightText: string): string => {
  const rows = rowsOf(linesOf(leftText), linesOf(rightText))
  const changed = rows.flatMap(({ mark }, index) => (mark === ' ' ? [] : [index]))
  let text = ''
  for (let place = 0; place < changed.length;) {
    const from = Math.max(0, (changed[place] ?? 0) - context)
    let to = changed[place] ?? 0
    while (place < changed.length && (changed[place] ?? 0) <= to + 2 * context + 1) {
      to = changed[place] ?? 0
      place += 1
    }
    const hunk = rows.slice(from, to + context + 1)
    const [first] = hunk
    const leftCount = hunk.filter(({ mark }) => mark !== '+').length
    const rightCount = hunk.filter(({ mark }) => mark !== '-').length
    text += `@@ -${rangeText(first?.left ?? 0, leftCount)} +${rangeText(first?.right ?? 0, rightCount)} @@\n`
    for (const { mark, text: line } of hunk) text += `${mark}${line}\n`
  }
  return text
}
