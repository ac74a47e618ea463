/** What is printed when the program itself is wrong: everything that somebody needs to see the same again. */
import { engineVersion } from '@statefold/core'
import { assertionProperty } from '@statefold/scenarios'
import type { Output } from './output.js'
import { kubernetesVersion } from './write-files.js'

const quoted = (word: string): string => (/^[\w./:=@%+,{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

export const bugReport = (error: unknown, args: readonly string[]): string => {
  const told = error instanceof Error ? (error.stack ?? `${error.name}: ${error.message}`) : String(error)
  return [
    'statefold has a bug. The same command does the same every time, so please report:',
    `  command  ${['statefold', ...args].map(quoted).join(' ')}`,
    `  version  statefold ${engineVersion}, Kubernetes ${kubernetesVersion}, Node ${process.version}, ${process.platform} ${process.arch}`,
    '  files    those that the command names',
    `  error    ${told.split('\n').join('\n           ')}`,
    '',
  ].join('\n')
}

/** The file shows it again, with all that somebody needs. */
const bugFound = (message: string, path: string | undefined): string =>
  `statefold has a bug: ${message}\n${
    path === undefined ? 'With --write PATH it is written as a scenario that shows it' : 'The written scenario shows it'
  }; please report it with that file (statefold ${engineVersion}, Kubernetes ${kubernetesVersion}).\n`

/** Says which of the findings of a search are bugs of the program. False: none. */
export const noteBugs = (
  findings: readonly { readonly property: string; readonly message: string }[],
  path: string | undefined,
  output: Pick<Output, 'note'>,
): boolean => {
  const bugs = findings.filter(({ property }) => property === assertionProperty)
  for (const { message } of bugs) output.note(bugFound(message, path))
  return bugs.length > 0
}
