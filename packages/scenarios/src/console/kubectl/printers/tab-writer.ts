/**
 * Elastic columns: cells end with a tab, a column is as wide as its widest cell among neighbouring lines. Follows format and writeLines in Go's
 * text/tabwriter; `remembered` widths are those of liggitt/tabwriter, which `kubectl get -w` needs.
 */
export interface TabWriterOptions {
  readonly minimumWidth: number
  readonly padding: number
}

/** For tables: printers.GetNewTabWriter. */
export const tableOptions: TabWriterOptions = { minimumWidth: 6, padding: 3 }
/** For describe: tabbedString. */
export const describeOptions: TabWriterOptions = { minimumWidth: 0, padding: 2 }

const widthOf = (text: string): number => (/^[\x20-\x7e]*$/.test(text) ? text.length : Array.from(text).length)

/** Lays out text whose cells end with tabs. `remembered` is filled with the widest widths seen and respected; pass the same list for every flush. */
export const alignTabs = (text: string, options: TabWriterOptions, remembered?: number[]): string => {
  if (text === '') return ''
  const lines = text.split('\n').map((line) => line.split('\t'))
  const widths: number[] = []
  const out: string[] = []
  const writeLines = (from: number, to: number): void => {
    for (let index = from; index < to; index += 1) {
      const line = lines[index] ?? []
      const cells = line.map((cell, column) => {
        const width = widths[column]
        return column < line.length - 1 && width !== undefined ? cell + ' '.repeat(Math.max(0, width - widthOf(cell))) : cell
      })
      out.push(cells.join(''))
    }
  }
  const format = (from: number, to: number): void => {
    const column = widths.length
    let start = from
    for (let index = from; index < to; index += 1) {
      if (column >= (lines[index]?.length ?? 0) - 1) continue
      writeLines(start, index)
      start = index
      let width = options.minimumWidth
      while (index < to) {
        const line = lines[index] ?? []
        if (column >= line.length - 1) break
        width = Math.max(width, widthOf(line[column] ?? '') + options.padding)
        index += 1
      }
      if (remembered !== undefined) {
        width = Math.max(width, remembered[column] ?? 0)
        remembered[column] = width
      }
      widths.push(width)
      format(start, index)
      widths.pop()
      start = index
    }
    writeLines(start, to)
  }
  format(0, lines.length)
  return out.join('\n')
}
