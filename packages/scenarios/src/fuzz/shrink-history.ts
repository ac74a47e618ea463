/** The same violation with fewer steps: leaves out halves, quarters … single steps as long as it still happens (delta debugging). */

export interface Shrunk<T> {
  readonly steps: readonly T[]
  readonly attempts: number
}

export const shrinkHistory = <T>(steps: readonly T[], stillBreaks: (steps: readonly T[]) => boolean, attemptsMax = 400): Shrunk<T> => {
  let current = steps
  let attempts = 0
  for (let size = Math.ceil(current.length / 2); size >= 1;) {
    let hasShrunk = false
    // The later steps first: what comes after the violation is not needed.
    for (let end = current.length; end > 0 && attempts < attemptsMax; end -= size) {
      const candidate = [...current.slice(0, Math.max(0, end - size)), ...current.slice(end)]
      attempts += 1
      if (candidate.length < current.length && stillBreaks(candidate)) {
        current = candidate
        hasShrunk = true
      }
    }
    if (attempts >= attemptsMax) break
    if (size === 1 && !hasShrunk) break
    size = size === 1 ? 1 : Math.ceil(size / 2)
  }
  return { steps: current, attempts }
}
