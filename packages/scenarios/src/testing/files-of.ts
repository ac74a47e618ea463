/** A scenario's folder in memory. */
import * as E from 'fp-ts/lib/Either.js'
import type { ScenarioFiles } from '../scenario.js'

export const filesOf = (files: Readonly<Record<string, string>>): ScenarioFiles => {
  const list = (path: string): readonly string[] | undefined => {
    const prefix = path === '.' ? '' : `${path.replace(/\/$/, '')}/`
    const names = Object.keys(files)
      .filter((name) => name.startsWith(prefix))
      .map((name) => name.slice(prefix.length).split('/')[0] ?? '')
    return names.length === 0 ? undefined : [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  }
  return {
    read: (path) => {
      const text = files[path]
      return text === undefined ? E.left('there is no such file') : E.right(text)
    },
    readFile: (path) => files[path],
    listFiles: list,
    manifestsIn: (path) => (path in files ? undefined : list(path)?.filter((name) => /\.(?:ya?ml|json)$/.test(name))),
  }
}
