/** Base64 as Secrets and binaryData use it, read as UTF-8 text. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

export const textOfBase64 = (encoded: string): string => {
  const bytes: number[] = []
  let bits = 0
  let count = 0
  for (const character of encoded) {
    const value = alphabet.indexOf(character)
    if (value < 0) continue
    bits = (bits << 6) | value
    count += 6
    if (count >= 8) {
      count -= 8
      bytes.push((bits >> count) & 255)
    }
  }
  return textOfUtf8(bytes)
}

const textOfUtf8 = (bytes: readonly number[]): string => {
  let text = ''
  for (let index = 0; index < bytes.length;) {
    const first = bytes[index] ?? 0
    const length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
    let point = length === 1 ? first : first & (0xff >> (length + 1))
    for (let next = 1; next < length; next += 1) point = (point << 6) | ((bytes[index + next] ?? 0) & 0x3f)
    text += point <= 0x10ffff ? String.fromCodePoint(point) : '\ufffd'
    index += length
  }
  return text
}
