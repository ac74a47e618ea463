/** Brace expansion as bash does it: `{a,b}`, `{0..2}`, `{a..e}`, `{0..10..2}`, nested and side by side. */
import { shellLimits } from './shell-limits.js'
import type { Word, WordPart } from './syntax.js'

/** Words are looked at one character at a time; what is quoted or an expansion is one piece. */
type Piece = WordPart

const piecesOf = (word: Word): readonly Piece[] =>
  word.flatMap((part): readonly Piece[] =>
    part.kind === 'text' && !part.quoted ? Array.from(part.text, (text) => ({ kind: 'text' as const, text, quoted: false })) : [part],
  )

const characterOf = (piece: Piece | undefined): string => (piece?.kind === 'text' && !piece.quoted ? piece.text : '')

const joined = (pieces: readonly Piece[]): Word => {
  const parts: WordPart[] = []
  for (const piece of pieces) {
    const last = parts.at(-1)
    if (piece.kind === 'text' && !piece.quoted && last?.kind === 'text' && !last.quoted)
      parts[parts.length - 1] = { ...last, text: last.text + piece.text }
    else parts.push(piece)
  }
  return parts
}

const sequenceOf = (text: string): readonly string[] | undefined => {
  const numbers = /^(-?\d+)\.\.(-?\d+)(?:\.\.(-?\d+))?$/.exec(text)
  const letters = /^([A-Za-z])\.\.([A-Za-z])(?:\.\.(-?\d+))?$/.exec(text)
  const match = numbers ?? letters
  if (match === null) return undefined
  const [, first = '', last = '', given] = match
  const from = numbers === null ? first.charCodeAt(0) : Number(first)
  const to = numbers === null ? last.charCodeAt(0) : Number(last)
  const step = Math.max(1, Math.abs(Number(given ?? '1')))
  const count = Math.floor(Math.abs(to - from) / step) + 1
  if (count > shellLimits.words) return undefined
  const width = numbers !== null && [first, last].some((end) => /^-?0\d/.test(end)) ? Math.max(first.length, last.length) : 0
  return Array.from({ length: count }, (_unused, index) => {
    const value = from <= to ? from + index * step : from - index * step
    if (numbers === null) return String.fromCharCode(value)
    const digits = String(Math.abs(value))
    return value < 0 ? `-${digits.padStart(Math.max(0, width - 1), '0')}` : digits.padStart(width, '0')
  })
}

/** Where the brace closes and its commas stand; undefined when it is no brace expression. */
const closing = (pieces: readonly Piece[], open: number): { readonly end: number; readonly commas: readonly number[] } | undefined => {
  let depth = 0
  const commas: number[] = []
  for (let at = open; at < pieces.length; at += 1) {
    const character = characterOf(pieces[at])
    if (character === '{') depth += 1
    else if (character === '}') {
      depth -= 1
      if (depth === 0) return { end: at, commas }
    } else if (character === ',' && depth === 1) commas.push(at)
  }
  return undefined
}

const expandPieces = (pieces: readonly Piece[]): readonly (readonly Piece[])[] => {
  for (let open = 0; open < pieces.length; open += 1) {
    if (characterOf(pieces[open]) !== '{') continue
    const found = closing(pieces, open)
    if (found === undefined) continue
    const { end, commas } = found
    const before = pieces.slice(0, open)
    const inside = pieces.slice(open + 1, end)
    let choices: readonly (readonly Piece[])[]
    if (commas.length > 0) {
      const borders = [open, ...commas, end]
      choices = borders.slice(0, -1).flatMap((border, index) => expandPieces(pieces.slice(border + 1, borders[index + 1])))
    } else {
      const sequence = inside.every((piece) => characterOf(piece) !== '') ? sequenceOf(inside.map(characterOf).join('')) : undefined
      if (sequence === undefined) continue
      choices = sequence.map((text) => [{ kind: 'text', text, quoted: false }])
    }
    const after = expandPieces(pieces.slice(end + 1))
    if (choices.length * after.length > shellLimits.words) return [pieces]
    return choices.flatMap((choice) => after.map((rest) => [...before, ...choice, ...rest]))
  }
  return [pieces]
}

export const expandBraces = (word: Word): readonly Word[] => {
  if (!word.some((part) => part.kind === 'text' && !part.quoted && part.text.includes('{'))) return [word]
  return expandPieces(piecesOf(word)).map(joined)
}
