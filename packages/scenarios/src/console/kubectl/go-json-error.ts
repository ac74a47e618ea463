/** What Go's encoding/json finds wrong with a text, in its words. Follows encoding/json/scanner.go. */

const early = 'unexpected end of JSON input'

interface Trouble {
  readonly message: string
}

const quoted = (character: string): string => (character === "'" ? "'\\''" : character === '"' ? "'\"'" : `'${character}'`)

/** Undefined: the text is JSON. */
export const goJsonError = (text: string): string | undefined => {
  let position = 0
  const skipSpace = (): void => {
    while (/[ \t\r\n]/.test(text.charAt(position))) position += 1
  }
  const at = (where: string): Trouble => ({
    message: position >= text.length ? early : `invalid character ${quoted(text.charAt(position))} ${where}`,
  })
  const word = (expected: string): Trouble | undefined => {
    for (let index = 1; index < expected.length; index += 1) {
      position += 1
      if (text.charAt(position) !== expected.charAt(index))
        return at(`in literal ${expected} (expecting ${quoted(expected.charAt(index))})`)
    }
    position += 1
    return undefined
  }
  const string = (): Trouble | undefined => {
    for (position += 1; position < text.length; position += 1) {
      const character = text.charAt(position)
      if (character === '"') {
        position += 1
        return undefined
      }
      if (character === '\\') position += 1
    }
    return { message: early }
  }
  const number = (): Trouble | undefined => {
    const found = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/.exec(text.slice(position))?.[0] ?? ''
    if (found === '') {
      position += 1
      return at('in numeric literal')
    }
    position += found.length
    return undefined
  }
  const members = (close: string, member: () => Trouble | undefined, after: string): Trouble | undefined => {
    position += 1
    skipSpace()
    if (text.charAt(position) === close) {
      position += 1
      return undefined
    }
    for (;;) {
      const trouble = member()
      if (trouble !== undefined) return trouble
      skipSpace()
      const character = text.charAt(position)
      if (character !== ',' && character !== close) return at(after)
      position += 1
      if (character === close) return undefined
      skipSpace()
    }
  }
  const pair = (): Trouble | undefined => {
    if (text.charAt(position) !== '"') return at('looking for beginning of object key string')
    const trouble = string()
    if (trouble !== undefined) return trouble
    skipSpace()
    if (text.charAt(position) !== ':') return at('after object key')
    position += 1
    return value()
  }
  const value = (): Trouble | undefined => {
    skipSpace()
    const character = text.charAt(position)
    if (character === '{') return members('}', pair, 'after object key:value pair')
    if (character === '[') return members(']', value, 'after array element')
    if (character === '"') return string()
    if (character === 't') return word('true')
    if (character === 'f') return word('false')
    if (character === 'n') return word('null')
    return /[-\d]/.test(character) ? number() : at('looking for beginning of value')
  }
  const trouble = value()
  if (trouble !== undefined) return trouble.message
  skipSpace()
  return position < text.length ? at('after top-level value').message : undefined
}
