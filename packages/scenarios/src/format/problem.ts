/** What is wrong with a file that a person wrote: where, what was expected, what was found. */

export interface Problem {
  readonly file: string
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly message: string
}

/** `web.yaml:12:3: steps[2].scale: expected a whole number, found "five"` */
export const formatProblem = ({ file, line, column, message }: Problem): string => `${file}:${line}:${column}: ${message}`

export const formatProblems = (problems: readonly Problem[]): string => problems.map(formatProblem).join('\n')

/** How many single-letter changes make one word of the other, up to 3. */
const distance = (from: string, to: string): number => {
  if (Math.abs(from.length - to.length) > 2) return 3
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= to.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (from.charAt(i - 1) === to.charAt(j - 1) ? 0 : 1)
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 3
}

/** The known word that was probably meant. */
export const closest = (word: string, known: readonly string[]): string | undefined => {
  const lower = word.slice(0, 60).toLowerCase()
  let best: { readonly name: string; readonly far: number } | undefined
  for (const name of known) {
    const far = distance(lower, name.toLowerCase())
    if (far <= 2 && far < Math.max(1, name.length - 1) && (best === undefined || far < best.far)) best = { name, far }
  }
  return best?.name
}
