/** Splits a line into words as a shell does: single and double quotes, backslashes; no expansions. */
import * as E from 'fp-ts/lib/Either.js'

export const splitWords = (line: string): E.Either<string, readonly string[]> => {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (character === "'") {
      const end = line.indexOf("'", at + 1)
      if (end < 0) return E.left(`a quote is not closed: ${line}`)
      word = (word ?? '') + line.slice(at + 1, end)
      at = end
    } else if (character === '"') {
      word ??= ''
      at += 1
      for (; at < line.length && line.charAt(at) !== '"'; at += 1) {
        const next = line.charAt(at + 1)
        if (line.charAt(at) === '\\' && (next === '"' || next === '\\' || next === '$' || next === '`')) at += 1
        word += line.charAt(at)
      }
      if (at >= line.length) return E.left(`a quote is not closed: ${line}`)
    } else if (character === '\\' && at + 1 < line.length) {
      at += 1
      word = (word ?? '') + line.charAt(at)
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (word !== undefined) words.push(word)
  return E.right(words)
}
