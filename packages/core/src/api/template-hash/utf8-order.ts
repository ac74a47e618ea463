/** The order of Go's strings: by UTF-8 bytes, which is the order of code points and not that of UTF-16 code units. */
export const byUtf8 = (left: string, right: string): -1 | 0 | 1 => {
  const shorter = Math.min(left.length, right.length)
  for (let index = 0; index < shorter; index += 1) {
    const leftUnit = left.charCodeAt(index)
    const rightUnit = right.charCodeAt(index)
    if (leftUnit === rightUnit) continue
    // Surrogates (0xd800 to 0xdfff) stand for code points above all of the others.
    const leftIsHigh = leftUnit >= 0xd800 && leftUnit <= 0xdfff
    const rightIsHigh = rightUnit >= 0xd800 && rightUnit <= 0xdfff
    if (leftIsHigh !== rightIsHigh) return leftIsHigh ? 1 : -1
    return leftUnit < rightUnit ? -1 : 1
  }
  return left.length === right.length ? 0 : left.length < right.length ? -1 : 1
}
