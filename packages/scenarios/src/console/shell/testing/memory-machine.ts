/** A machine without a cluster, for tests of the shell and of programs: files in memory, time that stands still. */
import { filePrograms } from '../../applets/file-programs.js'
import { awk } from '../../applets/awk.js'
import { sed } from '../../applets/sed.js'
import { systemPrograms } from '../../applets/system-programs.js'
import { textPrograms } from '../../applets/text-programs.js'
import { pathFrom, type Machine, type MachineFiles, type ShellFlavour } from '../machine.js'
import { startShell } from '../run-script.js'
import { collector, inputOf, newBudget } from '../streams.js'
import type { LimitReached } from '../shell-limits.js'

const memoryFiles = (content: Map<string, string>, folders: Set<string>): MachineFiles => {
  const isFolder = (path: string): boolean =>
    path === '/' || folders.has(path) || [...content.keys()].some((name) => name.startsWith(`${path}/`))
  const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')))
  const writeProblem = (path: string): string | undefined =>
    isFolder(path) ? 'Is a directory' : isFolder(parentOf(path)) ? undefined : 'No such file or directory'
  return {
    read: (path) => content.get(path),
    list: (path) => {
      if (!isFolder(path) || content.has(path)) return undefined
      const prefix = path === '/' ? '/' : `${path}/`
      const names = [...content.keys(), ...[...folders].map((folder) => `${folder}/`)].flatMap((name) => {
        if (!name.startsWith(prefix) || name === prefix) return []
        const rest = name.slice(prefix.length)
        const slash = rest.indexOf('/')
        return [slash < 0 ? rest : rest.slice(0, slash + 1)]
      })
      return [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    },
    writeProblem,
    write: (path, text) => {
      const problem = writeProblem(path)
      if (problem === undefined) content.set(path, text)
      return problem
    },
    remove: (path) => {
      if (!content.has(path) && !isFolder(path)) return 'No such file or directory'
      for (const name of [...content.keys(), ...folders])
        if (name === path || name.startsWith(`${path}/`)) {
          content.delete(name)
          folders.delete(name)
        }
      return undefined
    },
    makeFolder: (path) => {
      if (content.has(path) || isFolder(path)) return 'File exists'
      if (!isFolder(parentOf(path))) return 'No such file or directory'
      folders.add(path)
      return undefined
    },
    modifiedAt: () => undefined,
  }
}

export interface MemoryRun {
  readonly exit: number
  readonly stdout: string
  readonly stderr: string
  readonly sleptMs: number
  readonly reached: LimitReached | undefined
  readonly files: Readonly<Record<string, string>>
}

export interface MemoryOptions {
  readonly flavour?: ShellFlavour
  readonly files?: Readonly<Record<string, string>>
  readonly environment?: Readonly<Record<string, string>>
  readonly stdin?: string
}

/** Runs `sh -c TEXT` (or `bash -c TEXT`) in `/work`. */
export const runInMemory = (
  text: string,
  { flavour = 'bash', files = {}, environment = {}, stdin = '' }: MemoryOptions = {},
): MemoryRun => {
  const content = new Map(Object.entries(files))
  let now = 61_000
  let sleptMs = 0
  const programs = new Map(
    Object.entries({
      ...textPrograms,
      ...filePrograms,
      awk,
      sed,
      ...systemPrograms({
        hostname: () => 'web-0',
        fullName: () => 'web-0.nginx.default.svc.cluster.local',
        address: () => '10.244.0.2',
        processes: () => [{ pid: 1, command: 'nginx: master process nginx -g daemon off;' }],
        mounts: () => [{ source: 'overlay', at: '/', type: 'overlay', options: 'rw,relatime', sizeKb: 104_857_600, usedKb: 8_388_608 }],
        kill: (pid) => (pid === 1 ? undefined : 'No such process'),
        kernel: '6.12.0',
        user: 'root',
      }),
    }),
  )
  const machine: Machine = {
    flavour,
    files: memoryFiles(content, new Set(['/work', '/tmp', '/etc'])),
    now: () => now,
    environment: { HOME: '/work', ...environment },
    directory: pathFrom('/', 'work'),
    user: 'root',
    hostname: () => 'web-0',
    program: (name) => programs.get(name),
    refusal: () => undefined,
    promptOf: () => '$ ',
  }
  const budget = newBudget()
  const stdout = collector(budget)
  const stderr = collector(budget)
  const running = startShell({
    machine,
    words: [flavour === 'bash' ? 'bash' : 'sh', '-c', text],
    streams: { stdin: inputOf(stdin), stdout: stdout.sink, stderr: stderr.sink, terminal: undefined, isShown: false },
    environment: machine.environment,
    directory: machine.directory,
    budget,
  })
  for (let step = running.next(); ; step = running.next()) {
    if (step.done === true)
      return {
        exit: step.value,
        stdout: stdout.text(),
        stderr: stderr.text(),
        sleptMs,
        reached: budget.reached(),
        files: Object.fromEntries(content),
      }
    if (step.value.kind === 'sleep') {
      now += step.value.ms
      sleptMs += step.value.ms
    }
  }
}
