/**
 * The states that a search has seen, numbered in the order of their finding: 64 bits each and the number, in arrays with open addressing: 16
 * bytes a state at its fullest, 32 after it has grown. Two different states with one hash would be taken for one: for n states the odds are below n² / 2⁶⁵ (1 in 3,700 for
 * 10⁸, 1 in 37 million for 10⁶).
 */
export interface VisitedStates {
  /** The number of the state if it is known; otherwise it is now, and the answer is `-1 - number`. */
  readonly find: (high: number, low: number) => number
  readonly size: () => number
  /** The hashes by number. */
  readonly hashes: () => { readonly highs: readonly number[]; readonly lows: readonly number[] }
  readonly bytes: () => number
}

export const makeVisitedStates = (expected = 1 << 12): VisitedStates => {
  let capacity = 1_024
  while (capacity < expected) capacity *= 2
  let highs = new Int32Array(capacity)
  let lows = new Int32Array(capacity)
  let numbers = new Int32Array(capacity)
  let size = 0

  const place = (high: number, low: number, number: number): number => {
    const mask = capacity - 1
    // 0, 0 marks an empty place.
    const stored = high === 0 && low === 0 ? 1 : low
    for (let at = (high ^ Math.imul(stored, 0x9e3779b1)) & mask; ; at = (at + 1) & mask) {
      if (highs[at] === 0 && lows[at] === 0) {
        highs[at] = high
        lows[at] = stored
        numbers[at] = number
        return -1 - number
      }
      if (highs[at] === high && lows[at] === stored) return numbers[at] ?? 0
    }
  }

  const grow = (): void => {
    const [oldHighs, oldLows, oldNumbers] = [highs, lows, numbers]
    capacity *= 2
    highs = new Int32Array(capacity)
    lows = new Int32Array(capacity)
    numbers = new Int32Array(capacity)
    for (let at = 0; at < oldHighs.length; at += 1) {
      const [high = 0, low = 0] = [oldHighs[at], oldLows[at]]
      if (high !== 0 || low !== 0) place(high, low, oldNumbers[at] ?? 0)
    }
  }

  return {
    find: (high, low) => {
      if (size * 4 >= capacity * 3) grow()
      const number = place(high | 0, low | 0, size)
      if (number < 0) size += 1
      return number
    },
    size: () => size,
    hashes: () => {
      const [high, low] = [new Int32Array(size), new Int32Array(size)]
      for (let at = 0; at < capacity; at += 1) {
        if (highs[at] === 0 && lows[at] === 0) continue
        high[numbers[at] ?? 0] = highs[at] ?? 0
        low[numbers[at] ?? 0] = lows[at] ?? 0
      }
      return { highs: [...high], lows: [...low] }
    },
    bytes: () => capacity * 12,
  }
}
