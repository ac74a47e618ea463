/** Histories that a search has kept, one small file each, named by its content. */
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { historyFrom, historyText, type CorpusEntry, type FuzzHistory } from '@statefold/scenarios'
import { badInput, fileProblem } from './exit-codes.js'
import { writeWhole } from './write-files.js'

const ending = '.history.json'

export interface ReadCorpus {
  readonly histories: readonly FuzzHistory[]
  /** Files that are no histories, with what is wrong: they are left alone. */
  readonly refused: readonly string[]
}

/** In the order of the names, so that the same folder gives the same search. A folder that is not there is empty. */
export const readCorpus = (folder: string): ReadCorpus => {
  let names: readonly string[]
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) throw badInput(`${folder}: expected a folder, found a file`)
  try {
    mkdirSync(folder, { recursive: true })
    names = readdirSync(folder).filter((name) => name.endsWith(ending))
  } catch (error) {
    throw fileProblem(folder, error)
  }
  const histories: FuzzHistory[] = []
  const refused: string[] = []
  for (const name of [...names].sort((left, right) => (left < right ? -1 : 1))) {
    const path = join(folder, name)
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch (error) {
      refused.push(fileProblem(path, error).message)
      continue
    }
    const history = historyFrom(text)
    if (E.isRight(history)) histories.push(history.right)
    else refused.push(`${path}: ${history.left}`)
  }
  return { histories, refused }
}

/** Adds what is not there yet; answers how many files that were. */
export const writeCorpus = (folder: string, entries: readonly CorpusEntry[]): number => {
  let there: ReadonlySet<string>
  try {
    there = new Set(readdirSync(folder))
  } catch (error) {
    throw fileProblem(folder, error)
  }
  const fresh = entries.filter(({ name }) => !there.has(`${name}${ending}`))
  for (const { name, history } of fresh) writeWhole(join(folder, `${name}${ending}`), historyText(history))
  return fresh.length
}
