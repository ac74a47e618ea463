/**
 * Cuts a kubectl line of a conformance script into words, as the recorder of the real cluster does: at spaces and line ends, with single and
 * double quotes. A backslash is a letter like any other, unlike in a shell.
 */
import * as E from 'fp-ts/lib/Either.js'

export const splitLine = (line: string): E.Either<string, readonly string[]> => {
  const words: string[] = []
  let word = ''
  let quote = ''
  let isQuoted = false
  const endWord = (): void => {
    if (isQuoted || word !== '') words.push(word)
    word = ''
    isQuoted = false
  }
  for (const letter of line) {
    if (quote !== '') {
      if (letter === quote) quote = ''
      else word += letter
    } else if (letter === "'" || letter === '"') {
      quote = letter
      isQuoted = true
    } else if (letter === ' ' || letter === '\n') endWord()
    else word += letter
  }
  if (quote !== '') return E.left(`open quote in ${JSON.stringify(line)}`)
  endWord()
  return E.right(words)
}
