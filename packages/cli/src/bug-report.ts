/** What is printed when the program itself is wrong: everything that somebody needs to see the same again. */
import { engineVersion } from '@statefold/core'
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

/** What a search says that has run into a bug of the program: the file shows it again, with all that somebody needs. */
export const bugFound = (message: string, path: string | undefined): string =>
  `statefold has a bug: ${message}\n${
    path === undefined ? 'With --write PATH it is written as a scenario that shows it' : 'The written scenario shows it'
  }; please report it with that file (statefold ${engineVersion}, Kubernetes ${kubernetesVersion}).\n`
