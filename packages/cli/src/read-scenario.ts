/** What a user names to be run: a file, a folder of manifests, or a scenario of the catalog. */
import * as E from 'fp-ts/lib/Either.js'
import type { Scenario } from '@statefold/scenarios'
import { findInCatalog, listCatalog, readScenarioFile } from '@statefold/scenarios/node'
import { badInput } from './exit-codes.js'

const looksLikePath = (name: string): boolean => /\.(?:ya?ml|json)$/.test(name) || name.startsWith('.') || name.startsWith('/')

export const readScenario = (name: string): Scenario => {
  const read = readScenarioFile(name)
  if (E.isRight(read)) return read.right
  if (read.left.kind === 'problems') throw badInput(read.left.message)
  const entry = looksLikePath(name) ? undefined : findInCatalog(name)
  if (entry === undefined) {
    const same = listCatalog().filter((known) => known.name.split('/').at(-1) === name)
    const hint =
      same.length > 1
        ? `the catalog has several scenarios of that name: ${same.map((known) => known.name).join(', ')}`
        : looksLikePath(name)
          ? ''
          : 'nor is there a scenario of that name (statefold scenario list shows them)'
    throw badInput(`${name}: ${read.left.message}${hint === '' ? '' : `; ${hint}`}`)
  }
  const catalogued = readScenarioFile(entry.path)
  if (E.isRight(catalogued)) return { ...catalogued.right, file: entry.name }
  throw badInput(catalogued.left.kind === 'file' ? `${entry.path}: ${catalogued.left.message}` : catalogued.left.message)
}
