/** A list of whole numbers that takes 4 bytes each (and up to 8 after it has grown). */
export interface GrowingNumbers {
  readonly push: (value: number) => void
  readonly at: (index: number) => number
  readonly set: (index: number, value: number) => void
  readonly length: () => number
  readonly bytes: () => number
  readonly all: () => readonly number[]
}

export const makeGrowingNumbers = (first: readonly number[] = []): GrowingNumbers => {
  let values = new Int32Array(Math.max(1 << 12, first.length))
  values.set(first)
  let { length } = first
  return {
    push: (value) => {
      if (length === values.length) {
        const more = new Int32Array(length * 2)
        more.set(values)
        values = more
      }
      values[length] = value
      length += 1
    },
    at: (index) => values[index] ?? 0,
    set: (index, value) => {
      values[index] = value
    },
    length: () => length,
    bytes: () => values.byteLength,
    all: () => [...values.subarray(0, length)],
  }
}
