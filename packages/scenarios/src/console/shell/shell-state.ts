/** What a running shell knows. Changes as commands run; a subshell has a copy. */
import type { Machine, MachineFiles, ShellFlavour } from './machine.js'
import type { Budget } from './streams.js'

export interface Variable {
  readonly value: string
  readonly exported: boolean
}

/** Why commands are skipped until a loop or the shell ends. */
export type Flow = { readonly kind: 'exit'; readonly status: number } | { readonly kind: 'break' | 'continue'; levels: number }

export interface Shell {
  readonly machine: Machine
  readonly flavour: ShellFlavour
  /** The machine's files, with what open redirects have written so far. */
  readonly files: MachineFiles
  readonly openFiles: Map<string, { content: string }>
  readonly budget: Budget
  /** `$0` */
  readonly name: string
  readonly variables: Map<string, Variable>
  readonly aliases: Map<string, string>
  positional: readonly string[]
  status: number
  directory: string
  readonly options: Set<string>
  flow: Flow | undefined
  loops: number
  /** In a condition a failing command does not end the shell under `set -e`. */
  conditions: number
}

export interface ShellStart {
  readonly machine: Machine
  readonly flavour: ShellFlavour
  readonly budget: Budget
  readonly name: string
  readonly positional: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
}

const filesWith = (files: MachineFiles, open: ReadonlyMap<string, { content: string }>): MachineFiles => ({
  ...files,
  read: (path) => open.get(path)?.content ?? (path === '/dev/null' ? '' : files.read(path)),
})

export const newShell = ({ machine, flavour, budget, name, positional, environment, directory }: ShellStart): Shell => {
  const openFiles = new Map<string, { content: string }>()
  return {
    machine,
    flavour,
    files: filesWith(machine.files, openFiles),
    openFiles,
    budget,
    name,
    variables: new Map(Object.entries(environment).map(([variable, value]) => [variable, { value, exported: true }])),
    aliases: new Map(),
    positional,
    status: 0,
    directory,
    options: new Set(),
    flow: undefined,
    loops: 0,
    conditions: 0,
  }
}

export const subshellOf = (shell: Shell): Shell => ({
  ...shell,
  variables: new Map(shell.variables),
  aliases: new Map(shell.aliases),
  options: new Set(shell.options),
  flow: undefined,
})

export const valueOf = (shell: Shell, name: string): string | undefined => {
  switch (name) {
    case '?':
      return String(shell.status)
    case '#':
      return String(shell.positional.length)
    case '$':
      return '1'
    case '!':
      return ''
    case '-':
      return [...shell.options].join('')
    case '0':
      return shell.name
    case '@':
    case '*':
      return shell.positional.length === 0 ? undefined : shell.positional.join(' ')
    default:
      return /^\d+$/.test(name) ? shell.positional[Number(name) - 1] : shell.variables.get(name)?.value
  }
}

export const setVariable = (shell: Shell, name: string, value: string, exported?: boolean): void => {
  const before = shell.variables.get(name)
  shell.variables.set(name, { value, exported: exported ?? before?.exported ?? false })
}

export const exportedOf = (shell: Shell): Readonly<Record<string, string>> =>
  Object.fromEntries([...shell.variables].filter(([, { exported }]) => exported).map(([name, { value }]) => [name, value]))

/** A message as this shell begins its own: `sh: `, `sh: 1: `, `bash: line 1: `. */
export const complaint = ({ flavour, name }: Shell, text: string): string => {
  const short = name.startsWith('-') ? name.slice(1) : name
  return flavour === 'dash' ? `${short}: 1: ${text}\n` : `${short}: ${text}\n`
}
