/** Programs that tell about the machine: its name, its time, its processes, its disks. */
import { timestampOf, type SimTime } from '@statefold/core'
import { instant, type Program } from '../shell/machine.js'
import { startShell } from '../shell/run-script.js'
import { monthOf, weekdayOf } from './http-server.js'
import { complain, readOptions } from './options.js'

export interface MachineProcess {
  readonly pid: number
  readonly command: string
}

export interface MountedFolder {
  readonly source: string
  readonly at: string
  readonly type: string
  readonly options: string
  readonly sizeKb: number
  readonly usedKb: number
}

export interface SystemFacts {
  readonly hostname: () => string
  /** With its domain, as /etc/hosts or DNS has it. */
  readonly fullName: () => string
  readonly address: () => string | undefined
  readonly processes: () => readonly MachineProcess[]
  readonly mounts: () => readonly MountedFolder[]
  /** Why the process cannot be signalled, or undefined. */
  readonly kill: (pid: number, signal: string) => string | undefined
  readonly kernel: string
  readonly user: string
}

const hostname = (facts: SystemFacts): Program =>
  instant((call) => {
    const options = readOptions(call.args, 'fisdIA', {
      fqdn: 'f',
      long: 'f',
      'ip-address': 'i',
      short: 's',
      domain: 'd',
      'all-ip-addresses': 'I',
    })
    const full = facts.fullName()
    const dot = full.indexOf('.')
    if (options.words.length > 0) return complain(call, 'sethostname: Operation not permitted')
    const text = options.has('f')
      ? full
      : options.has('i') || options.has('I')
        ? `${facts.address() ?? '127.0.0.1'}${options.has('I') ? ' ' : ''}`
        : options.has('d')
          ? dot < 0
            ? ''
            : full.slice(dot + 1)
          : options.has('s')
            ? (facts.hostname().split('.')[0] ?? '')
            : facts.hostname()
    call.streams.stdout(`${text}\n`)
    return 0
  })

/** strftime, in UTC. */
const formatDate = (format: string, now: SimTime): string => {
  const stamp = timestampOf(now)
  const two = (from: number): string => stamp.slice(from, from + 2)
  const fields: Readonly<Record<string, () => string>> = {
    Y: () => stamp.slice(0, 4),
    y: () => two(2),
    m: () => two(5),
    d: () => two(8),
    e: () => String(Number(two(8))).padStart(2),
    H: () => two(11),
    M: () => two(14),
    S: () => two(17),
    s: () => String(1_767_225_600 + Math.floor(now / 1_000)),
    N: () => `${String(now % 1_000).padStart(3, '0')}000000`,
    F: () => stamp.slice(0, 10),
    T: () => stamp.slice(11, 19),
    R: () => stamp.slice(11, 16),
    a: () => weekdayOf(now),
    b: () => monthOf(stamp),
    Z: () => 'UTC',
    z: () => '+0000',
    n: () => '\n',
    t: () => '\t',
    '%': () => '%',
  }
  return format.replace(/%([-a-zA-Z%])/g, (whole, letter: string) => fields[letter]?.() ?? whole)
}

const date = instant((call) => {
  const options = readOptions(call.args, 'uRI:d:s:', { utc: 'u', date: 'd:', 'iso-8601': 'J' })
  const format = options.words.find((word) => word.startsWith('+'))
  const now = call.machine.now()
  if (options.has('s')) return complain(call, "can't set date: Operation not permitted")
  call.streams.stdout(`${formatDate(format?.slice(1) ?? (options.has('R') ? '%a, %d %b %Y %T %z' : '%a %b %e %T %Z %Y'), now)}\n`)
  return 0
})

/** `30`, `1.5`, `2m`; undefined: that is no length of time. */
const sleepMsOf = (word: string): number | undefined => {
  const match = /^(\d*\.?\d+)([smhd]?)$/.exec(word)
  return match === null
    ? undefined
    : Math.round(Number(match[1]) * ({ '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] ?? ''] ?? 1_000))
}

const sleep: Program = function* (call) {
  let total = 0
  for (const word of call.args) {
    const ms = word === 'infinity' ? sleepMax : sleepMsOf(word)
    if (ms === undefined)
      return complain(call, call.machine.flavour === 'busybox' ? `invalid number '${word}'` : `invalid time interval '${word}'`)
    total += ms
  }
  if (call.args.length === 0) return complain(call, 'missing operand')
  yield { kind: 'sleep', ms: Math.min(total, sleepMax) }
  return 0
}

/** A simulated month. */
const sleepMax = 30 * 86_400_000

const timeout: Program = function* (call) {
  const words = call.args.filter((word, index) => !(index < 2 && /^-[sktp]?$|^--/.test(word)))
  const [limit = '', ...command] = words
  const ms = sleepMsOf(limit)
  if (ms === undefined) return complain(call, `invalid time interval '${limit}'`, 125)
  const until = call.machine.now() + ms
  const running = call.start(command, call.streams)
  for (let step = running.next(); ; step = running.next()) {
    if (step.done === true) return step.value
    const wait = step.value
    const left = Math.max(0, until - call.machine.now())
    if (wait.kind === 'sleep' && wait.ms >= left) {
      yield { kind: 'sleep', ms: left }
      running.return(124)
      return call.machine.flavour === 'busybox' ? 143 : 124
    }
    yield wait.kind === 'wait-for-change' ? { kind: 'wait-for-change', atMost: Math.min(wait.atMost ?? until, until) } : wait
    if (call.machine.now() >= until) {
      running.return(124)
      return call.machine.flavour === 'busybox' ? 143 : 124
    }
  }
}

const env: Program = function* (call) {
  let environment = { ...call.environment }
  let words = call.args
  for (let word = words[0]; word !== undefined; word = words[0]) {
    if (word === '-i' || word === '-') environment = {}
    else if (word.startsWith('-u')) Reflect.deleteProperty(environment, word === '-u' ? (words[1] ?? '') : word.slice(2))
    else if (/^[A-Za-z_]\w*=/.test(word))
      environment = { ...environment, [word.slice(0, word.indexOf('='))]: word.slice(word.indexOf('=') + 1) }
    else break
    words = words.slice(word === '-u' ? 2 : 1)
  }
  if (words.length > 0) return yield* call.start(words, call.streams, environment)
  for (const [name, value] of Object.entries(environment)) call.streams.stdout(`${name}=${value}\n`)
  return 0
}

const printenv = instant((call) => {
  if (call.args.length === 0) for (const [name, value] of Object.entries(call.environment)) call.streams.stdout(`${name}=${value}\n`)
  let status = 0
  for (const name of call.args) {
    const value = call.environment[name]
    if (value === undefined) status = 1
    else call.streams.stdout(`${value}\n`)
  }
  return status
})

const id = instant((call) => {
  const options = readOptions(call.args, 'ungG')
  call.streams.stdout(
    options.has('n')
      ? 'root\n'
      : options.has('u') || options.has('g')
        ? '0\n'
        : call.machine.flavour === 'busybox'
          ? 'uid=0(root) gid=0(root) groups=0(root),10(wheel)\n'
          : 'uid=0(root) gid=0(root) groups=0(root)\n',
  )
  return 0
})

const uname = (facts: SystemFacts): Program =>
  instant((call) => {
    const options = readOptions(call.args, 'asnrvmpio')
    const all = options.has('a')
    const parts = [
      ...(all || options.has('s') || call.args.length === 0 ? ['Linux'] : []),
      ...(all || options.has('n') ? [facts.hostname()] : []),
      ...(all || options.has('r') ? [facts.kernel] : []),
      ...(all || options.has('v') ? ['#1 SMP PREEMPT_DYNAMIC'] : []),
      ...(all || options.has('m') ? ['x86_64'] : []),
      ...(all || options.has('o') ? ['GNU/Linux'] : []),
    ]
    call.streams.stdout(`${parts.join(' ')}\n`)
    return 0
  })

const human = (kb: number): string => {
  const units = ['K', 'M', 'G', 'T']
  let value = kb
  let unit = 0
  if (kb === 0) return '0'
  while (Math.ceil(value) >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value < 10 && value > 0 ? (Math.ceil(value * 10) / 10).toFixed(1) : String(Math.ceil(value))}${units[unit] ?? ''}`
}

const df = (facts: SystemFacts): Program =>
  instant((call) => {
    const options = readOptions(call.args, 'hkTHPmia')
    const isBusybox = call.machine.flavour === 'busybox'
    const chosen =
      options.words.length === 0
        ? facts.mounts()
        : options.words.flatMap(
            (word) =>
              [...facts.mounts()]
                .filter(({ at }) => at === '/' || word === at || word.startsWith(`${at}/`))
                .sort((a, b) => b.at.length - a.at.length)[0] ?? [],
          )
    const size = (kb: number): string => (options.has('h') ? human(kb) : String(kb))
    const rows = chosen.map(({ source, type, sizeKb, usedKb, at }) => [
      source,
      ...(options.has('T') ? [type] : []),
      size(sizeKb),
      size(usedKb),
      size(sizeKb - usedKb),
      `${Math.ceil((usedKb * 100) / Math.max(1, sizeKb))}%`,
      at,
    ])
    const header = [
      'Filesystem',
      ...(options.has('T') ? ['Type'] : []),
      options.has('h') ? 'Size' : '1K-blocks',
      'Used',
      isBusybox || !options.has('h') ? 'Available' : 'Avail',
      'Use%',
      'Mounted on',
    ]
    const table = [header, ...rows]
    const widths = header.map((_cell, column) => Math.max(...table.map((row) => (row[column] ?? '').length)))
    for (const row of table)
      call.streams.stdout(
        `${row.map((cell, column) => (column === row.length - 1 ? cell : column === 0 || (options.has('T') && column === 1) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' ')}\n`,
      )
    return 0
  })

const mount = (facts: SystemFacts): Program =>
  instant((call) => {
    if (call.args.some((word) => !word.startsWith('-')) && !call.args.includes('-t'))
      return complain(call, 'permission denied (are you root?)')
    if (call.args.length > 2) return complain(call, 'mounting is not simulated: a volume comes with its Pod')
    for (const { source, at, type, options } of facts.mounts()) call.streams.stdout(`${source} on ${at} type ${type} (${options})\n`)
    return 0
  })

const ps = (facts: SystemFacts): Program =>
  instant((call) => {
    const listed = [...facts.processes(), { pid: 100, command: ['ps', ...call.args].join(' ') }]
    const out = call.streams.stdout
    if (call.machine.flavour === 'busybox') {
      out('PID   USER     TIME  COMMAND\n')
      for (const { pid, command } of listed) out(`${String(pid).padStart(5)} root      0:00 ${command}\n`)
    } else if (call.args.some((word) => word.includes('f'))) {
      out('UID          PID    PPID  C STIME TTY          TIME CMD\n')
      for (const { pid, command } of listed) out(`root     ${String(pid).padStart(7)}       0  0 00:00 ?        00:00:00 ${command}\n`)
    } else if (call.args.some((word) => word.includes('u'))) {
      out('USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n')
      for (const { pid, command } of listed)
        out(`root     ${String(pid).padStart(7)}  0.0  0.0   2576   960 ?        Ss   00:00   0:00 ${command}\n`)
    } else {
      out('    PID TTY          TIME CMD\n')
      for (const { pid, command } of listed)
        out(`${String(pid).padStart(7)} ?        00:00:00 ${(command.split(' ')[0] ?? '').replace(/^.*\//, '').replace(/:$/, '')}\n`)
    }
    return 0
  })

const kill = (facts: SystemFacts): Program =>
  instant((call) => {
    let signal = 'TERM'
    let status = 0
    let words = call.args
    const [first = ''] = words
    if (first === '-l') {
      call.streams.stdout('HUP INT QUIT KILL USR1 USR2 TERM STOP CONT\n')
      return 0
    }
    if (first === '-s') {
      signal = words[1] ?? signal
      words = words.slice(2)
    } else if (first.startsWith('-') && first !== '--') {
      signal = first.slice(1)
      words = words.slice(1)
    }
    const name = { '1': 'HUP', '2': 'INT', '3': 'QUIT', '9': 'KILL', '15': 'TERM' }[signal] ?? signal.replace(/^SIG/, '').toUpperCase()
    for (const word of words) {
      const problem = /^\d+$/.test(word) ? facts.kill(Number(word), name) : `invalid number '${word}'`
      if (problem !== undefined)
        status = complain(
          call,
          /^\d+$/.test(word) && call.machine.flavour === 'busybox' ? `can't kill pid ${word}: ${problem}` : `(${word}) - ${problem}`,
        )
    }
    return status
  })

/** `killall nginx`, `pkill nginx`, `nginx -s stop`: the first process, if it is that program. */
const killByName = (facts: SystemFacts): Program =>
  instant((call) => {
    const name = call.args.filter((word) => !word.startsWith('-')).at(-1) ?? ''
    const [first] = facts.processes()
    const isIt = first !== undefined && new RegExp(`(^|/)${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\b`).test(first.command)
    if (!isIt || first === undefined) return call.name === 'pkill' ? 1 : complain(call, `${name}: no process killed`)
    facts.kill(first.pid, call.args.some((word) => word === '-9' || word === '-KILL') ? 'KILL' : 'TERM')
    return 0
  })

/** A shell as a program. */
const shell: Program = function* ({ name, args, machine, streams, environment, directory, budget }) {
  return yield* startShell({ machine, words: [name, ...args], streams, environment, directory, budget })
}

const yes = instant((call) => {
  const text = `${call.args.length === 0 ? 'y' : call.args.join(' ')}\n`
  // Whoever reads it stops reading long before.
  call.streams.stdout(text.repeat(10_000))
  return 0
})

const nproc = instant((call) => {
  call.streams.stdout('4\n')
  return 0
})

export const systemPrograms = (facts: SystemFacts): Readonly<Record<string, Program>> => ({
  ash: shell,
  bash: shell,
  dash: shell,
  date,
  df: df(facts),
  env,
  hostname: hostname(facts),
  id,
  kill: kill(facts),
  killall: killByName(facts),
  mount: mount(facts),
  nproc,
  pkill: killByName(facts),
  printenv,
  ps: ps(facts),
  sh: shell,
  sleep,
  timeout,
  uname: uname(facts),
  whoami: instant((call) => {
    call.streams.stdout(`${facts.user}\n`)
    return 0
  }),
  yes,
})
