/**
 * Lines that wait, in chains: what is told of one subject. There are hundreds of thousands and nearly all are dropped soon, so they are rows of
 * numbers that are used again, not objects. The bytes stand in pages; one that has no waiting line any more is written over.
 */
import { lineFeed } from './line-bytes.js'

/** No row, no page. */
export const nowhere = -1

/** Rows from `first` to `last`; `nowhere` in an empty chain. Belongs to the lines it was made for. */
export interface Chain {
  first: number
  last: number
}

interface Page {
  readonly bytes: Uint8Array
  /** The number of the line before its first. */
  number: number
  /** How many of its lines wait. */
  waiting: number
}

export interface WaitingLine<Given> {
  readonly bytes: Uint8Array
  /** The number of the line in the log. Good until a page is turned, as are the bytes. */
  readonly number: () => number
  readonly at: number
  /** How things were then. */
  readonly given: Given
}

/** Pages are as long as so many of these as they have to be. */
const pageGrain = 4 * 1024

const longer = <A extends Int32Array | Float64Array>(old: A, made: A): A => {
  made.set(old)
  return made
}

export class WaitingLines<Given> {
  private readonly pages: Page[] = []
  private readonly spare: number[] = []
  private current = nowhere
  // Rows: the page and the place in it, when it was, how things were, and the row that follows (also among the free ones).
  private pageOf = new Int32Array(0)
  private from = new Int32Array(0)
  private at = new Float64Array(0)
  private given: (Given | undefined)[] = []
  private next = new Int32Array(0)
  private free = nowhere

  /** Begins a page with a copy of these lines, which are those from now on. `number`: that of the line before them. */
  turnPage(lines: Uint8Array, number: number): Uint8Array {
    if (this.pages[this.current]?.waiting === 0) this.spare.push(this.current)
    const spare = this.spare.pop()
    let page = spare === undefined ? undefined : this.pages[spare]
    if (page === undefined || page.bytes.length < lines.length)
      page = { bytes: new Uint8Array(Math.ceil(lines.length / pageGrain) * pageGrain), number, waiting: 0 }
    page.number = number
    page.bytes.set(lines)
    this.current = spare ?? this.pages.length
    this.pages[this.current] = page
    return page.bytes
  }

  /** The line that begins there on the current page waits in this chain from now on. Answers its row. */
  add(chain: Chain, from: number, at: number, given: Given): number {
    const row = this.freeRow()
    this.free = this.next[row] ?? nowhere
    this.pageOf[row] = this.current
    this.from[row] = from
    this.at[row] = at
    this.given[row] = given
    this.next[row] = nowhere
    if (chain.last === nowhere) chain.first = row
    else this.next[chain.last] = row
    chain.last = row
    const page = this.pages[this.current]
    if (page !== undefined) page.waiting += 1
    return row
  }

  /** Nothing of the chain waits any more. */
  drop(chain: Chain): void {
    if (chain.last === nowhere) return
    for (let row = chain.first; row !== nowhere; row = this.next[row] ?? nowhere) {
      const at = this.pageOf[row] ?? nowhere
      const page = this.pages[at]
      if (page === undefined) continue
      page.waiting -= 1
      if (page.waiting === 0 && at !== this.current) this.spare.push(at)
    }
    this.next[chain.last] = this.free
    this.free = chain.first
    chain.first = nowhere
    chain.last = nowhere
  }

  /** The lines of the chain. */
  linesOf({ first }: Chain): readonly WaitingLine<Given>[] {
    const lines: WaitingLine<Given>[] = []
    for (let row = first; row !== nowhere; row = this.next[row] ?? nowhere) {
      const line = this.lineAt(row)
      if (line !== undefined) lines.push(line)
    }
    return lines
  }

  lineAt(row: number): WaitingLine<Given> | undefined {
    const [page, from, at, given] = [this.pages[this.pageOf[row] ?? nowhere], this.from[row], this.at[row], this.given[row]]
    if (page === undefined || from === undefined || at === undefined || given === undefined) return undefined
    const { bytes, number: before } = page
    const number = (): number => before + bytes.subarray(0, from).filter((byte) => byte === lineFeed).length + 1
    return { bytes: bytes.subarray(from, bytes.indexOf(lineFeed, from)), number, at, given }
  }

  private freeRow(): number {
    if (this.free !== nowhere) return this.free
    const rows = this.next.length
    const wanted = Math.max(1_024, 2 * rows)
    this.pageOf = longer(this.pageOf, new Int32Array(wanted))
    this.from = longer(this.from, new Int32Array(wanted))
    this.at = longer(this.at, new Float64Array(wanted))
    this.next = longer(this.next, new Int32Array(wanted))
    for (let row = rows; row < wanted; row += 1) this.next[row] = row + 1 < wanted ? row + 1 : nowhere
    this.free = rows
    return rows
  }
}
