/** Reads the options of a program as getopt does: letters may stand together, a value may stick to its letter or follow it. */
import type { ProgramCall } from '../shell/machine.js'

export interface Options {
  readonly has: (name: string) => boolean
  readonly value: (name: string) => string | undefined
  readonly values: (name: string) => readonly string[]
  readonly words: readonly string[]
  /** The first option that the program does not know. */
  readonly unknown: string | undefined
}

/** `letters` as for getopt (`n:v`); `long` maps long names to letters, with a colon if they take a value. */
export const readOptions = (args: readonly string[], letters: string, long: Readonly<Record<string, string>> = {}): Options => {
  const found = new Map<string, string[]>()
  const words: string[] = []
  let unknown: string | undefined
  const add = (name: string, value: string): void => {
    found.set(name, [...(found.get(name) ?? []), value])
  }
  const takesValue = (letter: string): boolean => letters.includes(`${letter}:`)
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at] ?? ''
    if (word === '--') {
      words.push(...args.slice(at + 1))
      break
    }
    if (word.startsWith('--')) {
      const [name = '', ...rest] = word.slice(2).split('=')
      const letter = long[name]
      if (letter === undefined) unknown ??= word
      else if (!letter.endsWith(':')) add(letter, '')
      else add(letter.slice(0, -1), rest.length > 0 ? rest.join('=') : (args[(at += 1)] ?? ''))
      continue
    }
    if (!/^-./.test(word)) {
      words.push(word)
      continue
    }
    for (let place = 1; place < word.length; place += 1) {
      const letter = word.charAt(place)
      if (!letters.includes(letter) || letter === ':') {
        unknown ??= `-${letter}`
        continue
      }
      if (!takesValue(letter)) {
        add(letter, '')
        continue
      }
      const stuck = word.slice(place + 1)
      add(letter, stuck === '' ? (args[(at += 1)] ?? '') : stuck)
      break
    }
  }
  return {
    has: (name) => found.has(name),
    value: (name) => found.get(name)?.at(-1),
    values: (name) => found.get(name) ?? [],
    words,
    unknown,
  }
}

/** Says what a program says before it ends: `ls: …`. */
export const complain = ({ name, streams }: ProgramCall, text: string, status = 1): number => {
  streams.stderr(`${name}: ${text}\n`)
  return status
}
