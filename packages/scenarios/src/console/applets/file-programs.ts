/** Programs that look at files and change them. */
import { timestampOf } from '@statefold/core'
import { instant, pathFrom, problems, type Program, type ProgramCall } from '../shell/machine.js'
import { complain, readOptions } from './options.js'

const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

/** `Jan  1 00:00`, as ls shows it. */
const listedTime = (call: ProgramCall, path: string): string => {
  const stamp = timestampOf(call.files.modifiedAt(path) ?? 0)
  return `${months[Number(stamp.slice(5, 7)) - 1] ?? ''} ${String(Number(stamp.slice(8, 10))).padStart(2)} ${stamp.slice(11, 16)}`
}

const isFolder = (call: ProgramCall, path: string): boolean => call.files.list(path) !== undefined
const exists = (call: ProgramCall, path: string): boolean => call.files.read(path) !== undefined || isFolder(call, path)

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

const ls = instant((call) => {
  const options = readOptions(call.args, 'l1aAhdtrRFiSn', { all: 'a', color: 'C', 'human-readable': 'h' })
  const isBusybox = call.machine.flavour === 'busybox'
  if (options.unknown !== undefined && !options.unknown.startsWith('--'))
    return complain(
      call,
      `${isBusybox ? 'unrecognized option: ' : "invalid option -- '"}${options.unknown.slice(1)}${isBusybox ? '' : "'"}`,
      2,
    )
  const words = options.words.length === 0 ? ['.'] : [...options.words].sort(byText)
  let status = 0
  const row = (name: string, path: string): string => {
    const folder = isFolder(call, path)
    const size = folder ? 4096 : (call.files.read(path) ?? '').length
    const mode = folder ? 'drwxr-xr-x' : '-rw-r--r--'
    const links = folder ? 2 : 1
    const shown = folder && options.has('F') ? `${name}/` : name
    return isBusybox
      ? `${mode}    ${links} root     root      ${String(size).padStart(8)} ${listedTime(call, path)} ${shown}`
      : `${mode} ${links} root root ${String(size).padStart(4)} ${listedTime(call, path)} ${shown}`
  }
  const show = (names: readonly { readonly name: string; readonly path: string }[], total: boolean): void => {
    const ordered = options.has('t')
      ? [...names].sort((a, b) => (call.files.modifiedAt(b.path) ?? 0) - (call.files.modifiedAt(a.path) ?? 0) || byText(a.name, b.name))
      : names
    const listed = options.has('r') ? [...ordered].reverse() : ordered
    if (options.has('l') || options.has('n')) {
      if (total)
        call.streams.stdout(
          `total ${listed.reduce((sum, { path }) => sum + (isFolder(call, path) || (call.files.read(path) ?? '') !== '' ? 4 : 0), 0)}\n`,
        )
      for (const { name, path } of listed) call.streams.stdout(`${row(name, path)}\n`)
    } else if (listed.length > 0) {
      const shown = listed.map(({ name, path }) => (options.has('F') && isFolder(call, path) ? `${name}/` : name))
      // In columns only for a person.
      call.streams.stdout(options.has('1') || !call.streams.isShown ? `${shown.join('\n')}\n` : inColumns(shown))
    }
  }
  const files = words.filter(
    (word) =>
      call.files.read(pathFrom(call.directory, word)) !== undefined || (options.has('d') && isFolder(call, pathFrom(call.directory, word))),
  )
  const folders = words.filter((word) => !files.includes(word) && isFolder(call, pathFrom(call.directory, word)))
  for (const word of words) {
    if (files.includes(word) || folders.includes(word)) continue
    status = complain(call, isBusybox ? `${word}: ${problems.none}` : `cannot access '${word}': ${problems.none}`, isBusybox ? 1 : 2)
  }
  show(
    files.map((name) => ({ name, path: pathFrom(call.directory, name) })),
    false,
  )
  const listFolder = (word: string, headed: boolean, first: boolean): void => {
    const path = pathFrom(call.directory, word)
    const names = (call.files.list(path) ?? [])
      .map((name) => (name.endsWith('/') ? name.slice(0, -1) : name))
      .filter((name) => options.has('a') || options.has('A') || !name.startsWith('.'))
    if (headed) call.streams.stdout(`${first ? '' : '\n'}${word}:\n`)
    const dots = options.has('a')
      ? [
          { name: '.', path },
          { name: '..', path: pathFrom(path, '..') },
        ]
      : []
    show([...dots, ...[...names].sort(byText).map((name) => ({ name, path: pathFrom(path, name) }))], true)
    if (options.has('R'))
      for (const name of names)
        if (isFolder(call, pathFrom(path, name))) listFolder(word === '/' ? `/${name}` : `${word}/${name}`, true, false)
  }
  for (const [index, folder] of folders.entries())
    listFolder(folder, words.length > 1 || options.has('R'), index === 0 && files.length === 0)
  return status
})

const terminalWidth = 80

/** Down the columns, as few rows as fit the terminal. */
const inColumns = (names: readonly string[]): string => {
  for (let rows = 1; rows <= names.length; rows += 1) {
    const columns = Array.from({ length: Math.ceil(names.length / rows) }, (_unused, column) =>
      names.slice(column * rows, (column + 1) * rows),
    )
    const widths = columns.map((column) => Math.max(...column.map(({ length }) => length)))
    if (rows < names.length && widths.reduce((sum, width) => sum + width + 2, -2) > terminalWidth) continue
    return Array.from({ length: rows }, (_unused, row) =>
      columns
        .flatMap((column, index) =>
          column[row] === undefined
            ? []
            : [
                index === columns.length - 1 || columns[index + 1]?.[row] === undefined
                  ? column[row]
                  : column[row].padEnd(widths[index] ?? 0),
              ],
        )
        .join('  '),
    )
      .map((line) => `${line}\n`)
      .join('')
  }
  return ''
}

const touch = instant((call) => {
  const options = readOptions(call.args, 'acmd:t:r:')
  let status = 0
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    if (isFolder(call, path) || (options.has('c') && !exists(call, path))) continue
    const problem = call.machine.files.write(path, call.files.read(path) ?? '')
    if (problem !== undefined)
      status = complain(call, call.machine.flavour === 'busybox' ? `${word}: ${problem}` : `cannot touch '${word}': ${problem}`)
  }
  return status
})

const makeFolders = (call: ProgramCall, path: string): string | undefined => {
  const parts = path.split('/').filter((part) => part !== '')
  for (let count = 1; count <= parts.length; count += 1) {
    const folder = `/${parts.slice(0, count).join('/')}`
    if (isFolder(call, folder)) continue
    const problem = call.machine.files.makeFolder(folder)
    if (problem !== undefined) return problem
  }
  return undefined
}

const mkdir = instant((call) => {
  const options = readOptions(call.args, 'pvm:')
  let status = 0
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    const problem = options.has('p') ? makeFolders(call, path) : call.machine.files.makeFolder(path)
    if (problem !== undefined)
      status = complain(
        call,
        call.machine.flavour === 'busybox'
          ? `can't create directory '${word}': ${problem}`
          : `cannot create directory '${word}': ${problem}`,
      )
  }
  return status
})

/** A folder goes with all it holds; one that something is mounted on is emptied and stays. */
const removeTree = (call: ProgramCall, path: string): string | undefined => {
  const problem = call.machine.files.remove(path)
  if (problem === 'Device or resource busy')
    for (const name of call.files.list(path) ?? []) removeTree(call, pathFrom(path, name.replace(/\/$/, '')))
  return problem
}

const rm = instant((call) => {
  const options = readOptions(call.args, 'rRfviI', { recursive: 'r', force: 'f' })
  const isBusybox = call.machine.flavour === 'busybox'
  const recursive = options.has('r') || options.has('R')
  let status = 0
  const refuse = (word: string, why: string): void => {
    status = complain(call, isBusybox ? `can't remove '${word}': ${why}` : `cannot remove '${word}': ${why}`)
  }
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    if (!exists(call, path)) {
      if (!options.has('f')) refuse(word, problems.none)
      continue
    }
    if (isFolder(call, path) && !recursive) {
      if (isBusybox) status = complain(call, `'${word}' is a directory`)
      else refuse(word, problems.isFolder)
      continue
    }
    const problem = removeTree(call, path)
    if (problem !== undefined) refuse(word, problem)
  }
  return status
})

const rmdir = instant((call) => {
  const options = readOptions(call.args, 'p')
  let status = 0
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    const names = call.files.list(path)
    const problem =
      names === undefined
        ? exists(call, path)
          ? problems.notFolder
          : problems.none
        : names.length > 0
          ? 'Directory not empty'
          : call.machine.files.remove(path)
    if (problem !== undefined)
      status = complain(call, call.machine.flavour === 'busybox' ? `'${word}': ${problem}` : `failed to remove '${word}': ${problem}`)
  }
  return status
})

const copyTree = (call: ProgramCall, from: string, to: string): string | undefined => {
  const content = call.files.read(from)
  if (content !== undefined) return call.machine.files.write(to, content)
  if (!isFolder(call, to)) {
    const problem = call.machine.files.makeFolder(to)
    if (problem !== undefined) return problem
  }
  for (const name of call.files.list(from) ?? []) {
    const bare = name.endsWith('/') ? name.slice(0, -1) : name
    const problem = copyTree(call, pathFrom(from, bare), pathFrom(to, bare))
    if (problem !== undefined) return problem
  }
  return undefined
}

const copyOrMove = (which: 'cp' | 'mv'): Program =>
  instant((call) => {
    const options = readOptions(call.args, 'rRapfvnT')
    const isBusybox = call.machine.flavour === 'busybox'
    const target = options.words.at(-1)
    const sources = options.words.slice(0, -1)
    if (target === undefined || sources.length === 0)
      return complain(
        call,
        `missing ${target === undefined ? 'file' : 'destination file'} operand${target === undefined ? '' : ` after '${target}'`}`,
      )
    const targetPath = pathFrom(call.directory, target)
    const intoFolder = isFolder(call, targetPath) && !options.has('T')
    let status = 0
    for (const word of sources) {
      const path = pathFrom(call.directory, word)
      const contentsOnly = word.endsWith('/.')
      if (!exists(call, path)) {
        status = complain(
          call,
          isBusybox ? `can't ${which === 'cp' ? 'stat' : 'rename'} '${word}': ${problems.none}` : `cannot stat '${word}': ${problems.none}`,
        )
        continue
      }
      if (which === 'cp' && isFolder(call, path) && !['r', 'R', 'a'].some(options.has)) {
        status = complain(call, isBusybox ? `omitting directory '${word}'` : `-r not specified; omitting directory '${word}'`)
        continue
      }
      const to = intoFolder && !contentsOnly ? pathFrom(targetPath, path.slice(path.lastIndexOf('/') + 1)) : targetPath
      if (to === path) {
        status = complain(call, `'${word}' and '${target}' are the same file`)
        continue
      }
      if (`${to}/`.startsWith(`${path}/`)) {
        status = complain(call, `cannot copy a directory, '${word}', into itself, '${target}'`)
        continue
      }
      const problem = copyTree(call, path, to) ?? (which === 'mv' ? removeTree(call, path) : undefined)
      if (problem !== undefined)
        status = complain(
          call,
          isBusybox
            ? `can't create '${to}': ${problem}`
            : `cannot ${which === 'cp' ? 'create regular file' : 'move'} '${target}': ${problem}`,
        )
    }
    return status
  })

const find = instant((call) => {
  const words: string[] = []
  let at = 0
  for (; at < call.args.length && !/^[-!(]/.test(call.args[at] ?? ''); at += 1) words.push(call.args[at] ?? '')
  let name: RegExp | undefined
  let type: string | undefined
  let depth = Number.MAX_SAFE_INTEGER
  for (; at < call.args.length; at += 1) {
    const option = call.args[at] ?? ''
    if (option === '-print') continue
    const value = call.args[(at += 1)] ?? ''
    if (option === '-name' || option === '-iname')
      name = new RegExp(
        `^${value
          .replace(/[.+^${}()|\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replaceAll('?', '.')}$`,
        option === '-iname' ? 'i' : '',
      )
    else if (option === '-type') type = value
    else if (option === '-maxdepth') depth = Number(value)
    else return complain(call, `${option} is not simulated`)
  }
  let status = 0
  const visit = (shown: string, path: string, level: number): void => {
    const folder = isFolder(call, path)
    const base = path.slice(path.lastIndexOf('/') + 1)
    if ((name === undefined || name.test(base)) && (type === undefined || (type === 'd') === folder)) call.streams.stdout(`${shown}\n`)
    if (!folder || level >= depth) return
    for (const child of call.files.list(path) ?? []) {
      const bare = child.endsWith('/') ? child.slice(0, -1) : child
      visit(shown.endsWith('/') ? `${shown}${bare}` : `${shown}/${bare}`, pathFrom(path, bare), level + 1)
    }
  }
  for (const word of words.length === 0 ? ['.'] : words) {
    const path = pathFrom(call.directory, word)
    if (exists(call, path)) visit(word, path, 0)
    else status = complain(call, call.machine.flavour === 'busybox' ? `${word}: ${problems.none}` : `'${word}': ${problems.none}`)
  }
  return status
})

const stat = instant((call) => {
  const options = readOptions(call.args, 'c:f:')
  let status = 0
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    if (!exists(call, path)) {
      status = complain(
        call,
        call.machine.flavour === 'busybox' ? `can't stat '${word}': ${problems.none}` : `cannot stat '${word}': ${problems.none}`,
      )
      continue
    }
    const size = isFolder(call, path) ? 4096 : (call.files.read(path) ?? '').length
    const kind = isFolder(call, path) ? 'directory' : size === 0 ? 'regular empty file' : 'regular file'
    const format = options.value('c')
    call.streams.stdout(
      format === undefined
        ? `  File: ${word}\n  Size: ${size}\t\tBlocks: 8          IO Block: 4096   ${kind}\n`
        : `${format.replace(/%([sFna])/g, (_whole, letter: string) => ({ s: String(size), F: kind, n: word, a: isFolder(call, path) ? '755' : '644' })[letter] ?? '')}\n`,
    )
  }
  return status
})

/** `dd if=/dev/zero of=file bs=1k count=4`: zeros become the digit 0, so that they can be seen. */
const dd = instant((call) => {
  const settings = new Map(call.args.map((word) => [word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]))
  const blockSize = sizeOf(settings.get('bs') ?? '512')
  const count = Number(settings.get('count') ?? '1')
  const source = settings.get('if')
  const length = blockSize * count
  if (!Number.isSafeInteger(length) || length > ddMax) return complain(call, `more than ${ddMax} bytes are not simulated`)
  const given =
    source === undefined
      ? call.streams.stdin.rest()
      : /^\/dev\/(zero|urandom|random)$/.test(source)
        ? '0'.repeat(length)
        : call.files.read(pathFrom(call.directory, source))
  if (given === undefined)
    return complain(
      call,
      call.machine.flavour === 'busybox'
        ? `can't open '${source ?? ''}': ${problems.none}`
        : `failed to open '${source ?? ''}': ${problems.none}`,
    )
  const text = settings.has('count') ? given.slice(0, length) : given
  const target = settings.get('of')
  if (target === undefined) call.streams.stdout(text)
  else if (target !== '/dev/null') {
    const problem = call.machine.files.write(pathFrom(call.directory, target), text)
    if (problem !== undefined)
      return complain(
        call,
        call.machine.flavour === 'busybox' ? `can't open '${target}': ${problem}` : `failed to open '${target}': ${problem}`,
      )
  }
  const records = Math.floor(text.length / blockSize)
  const part = text.length % blockSize === 0 ? 0 : 1
  call.streams.stderr(`${records}+${part} records in\n${records}+${part} records out\n`)
  return 0
})

/** A file of the simulation is a text in memory. */
const ddMax = 8_000_000

const sizeOf = (text: string): number => {
  const match = /^(\d+)([kKMGcbw]?)B?$/.exec(text)
  return match === null
    ? Number.NaN
    : Number(match[1]) * ({ k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3, b: 512, w: 2 }[match[2] ?? ''] ?? 1)
}

const truncate = instant((call) => {
  const options = readOptions(call.args, 'cs:', { size: 's:' })
  const size = sizeOf(options.value('s') ?? '')
  if (Number.isNaN(size) || size > ddMax) return complain(call, `invalid number: '${options.value('s') ?? ''}'`)
  let status = 0
  for (const word of options.words) {
    const path = pathFrom(call.directory, word)
    const problem = call.machine.files.write(path, (call.files.read(path) ?? '').slice(0, size).padEnd(size, '\0'))
    if (problem !== undefined) status = complain(call, `${word}: ${problem}`)
  }
  return status
})

const du = instant((call) => {
  const options = readOptions(call.args, 'shkmacd:')
  const sizeUnder = (path: string): number => {
    const content = call.files.read(path)
    if (content !== undefined) return Math.ceil(content.length / 4096) * 4
    return (call.files.list(path) ?? []).reduce((sum, name) => sum + sizeUnder(pathFrom(path, name.replace(/\/$/, ''))), 4)
  }
  const show = (path: string, word: string): void => {
    const size = sizeUnder(path)
    const text = options.has('h')
      ? size < 1024
        ? `${size}.0K`
        : `${(size / 1024).toFixed(1)}M`
      : options.has('m')
        ? String(Math.ceil(size / 1024))
        : String(size)
    call.streams.stdout(`${text}\t${word}\n`)
  }
  let status = 0
  for (const word of options.words.length === 0 ? ['.'] : options.words) {
    const path = pathFrom(call.directory, word)
    if (!exists(call, path)) {
      status = complain(call, `${call.machine.flavour === 'busybox' ? word : `cannot access '${word}'`}: ${problems.none}`)
      continue
    }
    const visit = (folder: string, shown: string): void => {
      for (const name of call.files.list(folder) ?? [])
        if (name.endsWith('/')) visit(pathFrom(folder, name.slice(0, -1)), `${shown}/${name.slice(0, -1)}`)
      show(folder, shown)
    }
    if (options.has('s') || !isFolder(call, path)) show(path, word)
    else visit(path, word)
  }
  return status
})

const pathPart = (which: 'basename' | 'dirname'): Program =>
  instant((call) => {
    const [path = '', suffix = ''] = call.args
    const trimmed = path.length > 1 ? path.replace(/\/+$/, '') : path
    const slash = trimmed.lastIndexOf('/')
    if (which === 'dirname') call.streams.stdout(`${slash < 0 ? '.' : slash === 0 ? '/' : trimmed.slice(0, slash)}\n`)
    else {
      const base = trimmed.slice(slash + 1)
      call.streams.stdout(`${suffix !== '' && base.endsWith(suffix) && base !== suffix ? base.slice(0, -suffix.length) : base}\n`)
    }
    return 0
  })

const realpath = instant((call) => {
  for (const word of call.args.filter((given) => !given.startsWith('-'))) call.streams.stdout(`${pathFrom(call.directory, word)}\n`)
  return 0
})

/** Owners and modes are not kept: everything belongs to root and may be read and written. */
const accepted = instant(() => 0)

const ln = instant((call) => complain(call, 'links are not simulated'))

const diff = instant((call) => {
  const options = readOptions(call.args, 'urNbwq')
  const [first = '', second = ''] = options.words
  const texts = [first, second].map((word) => call.files.read(pathFrom(call.directory, word)))
  const [a, b] = texts
  if (a === undefined || b === undefined) return complain(call, `${a === undefined ? first : second}: ${problems.none}`, 2)
  if (a === b) return 0
  if (options.has('q')) {
    call.streams.stdout(`Files ${first} and ${second} differ\n`)
    return 1
  }
  const [left, right] = [a.split('\n').slice(0, -1), b.split('\n').slice(0, -1)]
  let start = 0
  while (start < Math.min(left.length, right.length) && left[start] === right[start]) start += 1
  let end = 0
  while (end < Math.min(left.length, right.length) - start && left.at(-1 - end) === right.at(-1 - end)) end += 1
  const gone = left.slice(start, left.length - end)
  const come = right.slice(start, right.length - end)
  const range = (count: number): string => (count <= 1 ? String(start + count) : `${start + 1},${start + count}`)
  const letter = gone.length === 0 ? 'a' : come.length === 0 ? 'd' : 'c'
  call.streams.stdout(`${range(gone.length)}${letter}${range(come.length)}\n`)
  for (const line of gone) call.streams.stdout(`< ${line}\n`)
  if (letter === 'c') call.streams.stdout('---\n')
  for (const line of come) call.streams.stdout(`> ${line}\n`)
  return 1
})

export const filePrograms: Readonly<Record<string, Program>> = {
  basename: pathPart('basename'),
  chmod: accepted,
  chown: accepted,
  cp: copyOrMove('cp'),
  dd,
  diff,
  dirname: pathPart('dirname'),
  du,
  find,
  ln,
  ls,
  mkdir,
  mv: copyOrMove('mv'),
  realpath,
  rm,
  rmdir,
  stat,
  sync: accepted,
  touch,
  truncate,
}
