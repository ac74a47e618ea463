/**
 * The states that a search has seen, 64 bits each, in two arrays of numbers with open addressing: about 11 bytes a state at its fullest and
 * 22 after it has grown. Two different states with one hash would be taken for one: for n states the odds are below n² / 2⁶⁵ (1 in 3,700 for
 * 10⁸, 1 in 37 million for 10⁶).
 */
export interface VisitedStates {
  /** True when it was not there before. */
  readonly add: (high: number, low: number) => boolean
  readonly size: () => number
  readonly bytes: () => number
}

export const makeVisitedStates = (expected = 1 << 16): VisitedStates => {
  let capacity = 1 << Math.max(10, Math.ceil(Math.log2(expected)))
  let highs = new Int32Array(capacity)
  let lows = new Int32Array(capacity)
  let size = 0

  const place = (high: number, low: number): boolean => {
    const mask = capacity - 1
    // 0, 0 marks an empty place.
    const stored = high === 0 && low === 0 ? 1 : low
    for (let at = (high ^ Math.imul(stored, 0x9e3779b1)) & mask; ; at = (at + 1) & mask) {
      if (highs[at] === 0 && lows[at] === 0) {
        highs[at] = high
        lows[at] = stored
        return true
      }
      if (highs[at] === high && lows[at] === stored) return false
    }
  }

  const grow = (): void => {
    const [oldHighs, oldLows] = [highs, lows]
    capacity *= 2
    highs = new Int32Array(capacity)
    lows = new Int32Array(capacity)
    for (let at = 0; at < oldHighs.length; at += 1) {
      const [high = 0, low = 0] = [oldHighs[at], oldLows[at]]
      if (high !== 0 || low !== 0) place(high, low)
    }
  }

  return {
    add: (high, low) => {
      if (size * 4 >= capacity * 3) grow()
      const isNew = place(high | 0, low | 0)
      if (isNew) size += 1
      return isNew
    },
    size: () => size,
    bytes: () => capacity * 8,
  }
}
