/** JSON documents one after another, with the complaints of Go's encoding/json (scanner.go) and their byte offsets. */
import * as E from 'fp-ts/lib/Either.js'
import type { Json } from '@statefold/core'

export interface JsonSyntaxProblem {
  readonly offset: number
  readonly message: string
}

const describe = (character: string): string =>
  character === "'" ? `'\\''` : character === '"' ? `'"'` : character === '\n' ? `'\\n'` : character === '\t' ? `'\\t'` : `'${character}'`

/** Where one value ends, or why it is none. */
const endOfValue = (input: string, start: number): E.Either<JsonSyntaxProblem, number> => {
  const skip = (position: number): number => {
    let next = position
    while (/[ \t\r\n]/.test(input.charAt(next))) next += 1
    return next
  }
  const wrong = (position: number, where: string): E.Either<JsonSyntaxProblem, number> =>
    position >= input.length
      ? E.left({ offset: input.length, message: 'unexpected EOF' })
      : E.left({ offset: position + 1, message: `invalid character ${describe(input.charAt(position))} ${where}` })
  const string = (position: number): E.Either<JsonSyntaxProblem, number> => {
    let next = position + 1
    for (; next < input.length; next += 1) {
      const character = input.charAt(next)
      if (character === '"') return E.right(next + 1)
      if (character === '\\') next += 1
      else if (character < ' ') return wrong(next, 'in string literal')
    }
    return wrong(input.length, '')
  }
  const members = (
    position: number,
    close: string,
    member: (at: number) => E.Either<JsonSyntaxProblem, number>,
    after: string,
  ): E.Either<JsonSyntaxProblem, number> => {
    let next = skip(position + 1)
    if (input.charAt(next) === close) return E.right(next + 1)
    for (;;) {
      const end = member(next)
      if (E.isLeft(end)) return end
      next = skip(end.right)
      if (input.charAt(next) === close) return E.right(next + 1)
      if (input.charAt(next) !== ',') return wrong(next, after)
      next = skip(next + 1)
    }
  }
  const value = (position: number): E.Either<JsonSyntaxProblem, number> => {
    const at = skip(position)
    const character = input.charAt(at)
    if (character === '{') {
      return members(
        at,
        '}',
        (key) => {
          if (input.charAt(key) !== '"') return wrong(key, 'looking for beginning of object key string')
          const end = string(key)
          if (E.isLeft(end)) return end
          const colon = skip(end.right)
          return input.charAt(colon) === ':' ? value(colon + 1) : wrong(colon, 'after object key')
        },
        'after object key:value pair',
      )
    }
    if (character === '[') return members(at, ']', value, 'after array element')
    if (character === '"') return string(at)
    const literal = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/.exec(input.slice(at, at + 400))?.[0]
    return literal === undefined ? wrong(at, 'looking for beginning of value') : E.right(at + literal.length)
  }
  return value(start)
}

export const readJsonStream = (input: string): { readonly values: readonly Json[]; readonly problem: JsonSyntaxProblem | undefined } => {
  const values: Json[] = []
  let position = 0
  while (input.slice(position).trim() !== '') {
    const end = endOfValue(input, position)
    if (E.isLeft(end)) return { values, problem: end.left }
    // JSON.parse answers `any`; what it gives is JSON by definition.
    values.push(JSON.parse(input.slice(position, end.right)) as Json)
    position = end.right
  }
  return { values, problem: undefined }
}
