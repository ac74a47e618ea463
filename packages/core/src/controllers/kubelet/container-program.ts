/**
 * What a container's program does, as far as its image, its command line and the behaviours in force tell: whether it ends by itself, how it
 * takes SIGTERM, and when it begins to answer.
 */
// Differs from Kubernetes: command lines are read, not run; a program that is not known goes on, or ends soon in an init container.
import type { Container, Pod } from '../../api/generated/types.js'
import { imageBehaviourOf, podBehaviour, type World } from '../../cluster/world.js'

export interface ContainerProgram {
  /** Ends by itself this long after its start; undefined: it goes on. */
  readonly exitsAfterMs: number | undefined
  readonly exitCode: number
  readonly reason: string
  /** How it ends on SIGTERM; undefined: it takes no notice. */
  readonly terminatesWith: number | undefined
  /** Between SIGTERM and the end; undefined: as the world's latencies say. */
  readonly stopMs: number | undefined
  /** Between the start and the first answer. */
  readonly answersAfterMs: number
}

const forever = { exitsAfterMs: undefined, exitCode: 0 } as const

/** How long a command that is known to end takes. */
const shortCommandMs = 100

export const programOf = (world: World, pod: Pod, container: Container, isInit: boolean): ContainerProgram => {
  const name = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }
  const image = imageBehaviourOf(world, container.image ?? '')
  const words = [...(container.command ?? []), ...(container.args ?? [])]
  const endsSoon = isInit && container.restartPolicy !== 'Always'
  const written =
    container.command === undefined && container.args === undefined
      ? imageProgram(image?.exits, container, endsSoon)
      : container.command === undefined && image?.exits === undefined
        ? endsOnlyAsInit(endsSoon)
        : commandProgram(words, endsSoon)
  const exiting = podBehaviour(world, 'Exiting', name, container.name)
  const crashing = podBehaviour(world, 'Crashing', name, container.name)
  const ends =
    crashing !== undefined
      ? { exitsAfterMs: 0, exitCode: crashing.exitCode ?? 1 }
      : exiting !== undefined
        ? { exitsAfterMs: exiting.afterMs ?? 0, exitCode: exiting.exitCode }
        : written
  const onTerminate = written.ignoresTerm === true ? 'ignores' : (image?.onTerminate ?? 0)
  const delayed = podBehaviour(world, 'StopDelayed', name, container.name)
  return {
    exitsAfterMs: podBehaviour(world, 'ExitHeld', name, container.name) === undefined ? ends.exitsAfterMs : undefined,
    exitCode: ends.exitCode,
    reason: crashing?.outOfMemory === true ? 'OOMKilled' : ends.exitCode === 0 ? 'Completed' : 'Error',
    terminatesWith: onTerminate === 'ignores' && delayed === undefined ? undefined : onTerminate === 'ignores' ? 143 : onTerminate,
    stopMs: delayed?.byMs ?? image?.stopMs,
    answersAfterMs: Math.max(podBehaviour(world, 'WarmUpSlow', name, container.name)?.forMs ?? 0, image?.answersAfterMs ?? 0),
  }
}

interface WrittenProgram {
  readonly exitsAfterMs: number | undefined
  readonly exitCode: number
  readonly ignoresTerm?: boolean
}

const endsOnlyAsInit = (isInit: boolean): WrittenProgram => (isInit ? { exitsAfterMs: shortCommandMs, exitCode: 0 } : forever)

const imageProgram = (
  exits: { readonly afterMs: number; readonly exitCode: number } | undefined,
  container: Container,
  isInit: boolean,
): WrittenProgram => {
  if (exits === undefined) return endsOnlyAsInit(isInit)
  // A shell with a terminal waits for what is typed.
  if (container.stdin === true) return { ...forever, ignoresTerm: true }
  return { exitsAfterMs: exits.afterMs, exitCode: exits.exitCode }
}

const shells: ReadonlySet<string> = new Set(['sh', 'bash', 'ash', 'dash'])
const quickCommands: ReadonlySet<string> = new Set(
  (
    'true : echo printf cp mv mkdir rm rmdir touch chown chmod ln cat ls hostname date test [ [[ set export cd sed grep awk env id ' +
    'head tr cut wc sort uname whoami pwd nslookup wget curl ping until while for if unset umask sysctl mount tee dd'
  ).split(' '),
)

const baseName = (program: string): string => program.slice(program.lastIndexOf('/') + 1)

const commandProgram = (words: readonly string[], isInit: boolean): WrittenProgram => {
  const [program = '', flag = '', script = ''] = words
  if (shells.has(baseName(program)) && /^-[a-z]*c[a-z]*$/.test(flag)) return scriptProgram(script, isInit)
  if (shells.has(baseName(program)) && words.length === 1) return { exitsAfterMs: shortCommandMs, exitCode: 0 }
  return simpleProgram(words, isInit)
}

const simpleProgram = (words: readonly string[], isInit: boolean): WrittenProgram => {
  const [program = '', ...rest] = words
  switch (baseName(program)) {
    case 'sleep': {
      const ms = sleepMs(rest)
      // Process 1 has no default action for SIGTERM, and sleep sets none.
      return { exitsAfterMs: ms, exitCode: 0, ignoresTerm: true }
    }
    case 'tail':
      return rest.some((word) => /^-[a-zA-Z]*[fF]/.test(word))
        ? { ...forever, ignoresTerm: true }
        : { exitsAfterMs: shortCommandMs, exitCode: 0 }
    case 'false':
      return { exitsAfterMs: shortCommandMs, exitCode: 1 }
    case 'exit':
      return { exitsAfterMs: shortCommandMs, exitCode: Number(rest[0] ?? '0') & 255 }
    default:
      return quickCommands.has(baseName(program)) ? { exitsAfterMs: shortCommandMs, exitCode: 0 } : endsOnlyAsInit(isInit)
  }
}

/** `30`, `1m`, `infinity`: undefined means without end. */
const sleepMs = (words: readonly string[]): number | undefined => {
  let total = 0
  for (const word of words) {
    const match = /^(\d+(?:\.\d+)?)([smhd]?)$/.exec(word)
    if (match === null) return undefined
    const unit = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }[match[2] === undefined || match[2] === '' ? 's' : match[2]] ?? 1_000
    total += Math.round(Number(match[1]) * unit)
  }
  return total
}

/** A script's commands one after another; an endless loop, or a program that stays, keeps it running. */
const scriptProgram = (script: string, isInit: boolean): WrittenProgram => {
  if (/\bwhile\s+(true|:|\[\s*1\s*\])|\bfor\s*\(\(\s*;\s*;\s*\)\)/.test(script))
    return { ...forever, ignoresTerm: !/\btrap\b/.test(script) }
  let total = 0
  // What stands after `||` is for the case that something fails.
  const commands = script
    .replace(/\|\|[^\n;&]*/g, '')
    .split(/\n|;|&&/)
    .map((command) => command.trim())
    .filter((command) => command !== '' && !command.startsWith('#'))
  let loopDepth = 0
  for (const [index, command] of commands.entries()) {
    const words = command.split(/\s+/).filter((word) => !/^[A-Za-z_]\w*=/.test(word))
    const replaces = words[0] === 'exec'
    const plain = (replaces ? words.slice(1) : words).filter((word) => !['do', 'then', 'else'].includes(word))
    const [first = ''] = plain
    if (first === 'until' || first === 'while' || first === 'for' || first === 'if' || first === 'case') loopDepth += 1
    if (first === 'done' || first === 'fi' || first === 'esac') {
      loopDepth -= 1
      continue
    }
    if (loopDepth > 0 || first === '' || first === 'trap') continue
    const program = simpleProgram(plain, isInit)
    if (first === 'exit') return { exitsAfterMs: Math.max(total, shortCommandMs), exitCode: program.exitCode }
    if (program.exitsAfterMs === undefined)
      return { ...program, ignoresTerm: replaces ? (program.ignoresTerm ?? false) : program.ignoresTerm === true }
    total += first === 'sleep' ? program.exitsAfterMs : 0
    if (index === commands.length - 1) return { exitsAfterMs: total + shortCommandMs, exitCode: program.exitCode, ignoresTerm: true }
  }
  return { exitsAfterMs: total + shortCommandMs, exitCode: 0, ignoresTerm: true }
}

/** How long the hook before SIGTERM takes. */
export const preStopMsOf = (container: Container): number => {
  const hook = container.lifecycle?.preStop
  if (hook?.sleep !== undefined) return hook.sleep.seconds * 1_000
  if (hook?.exec?.command === undefined) return 0
  return commandProgram(hook.exec.command, true).exitsAfterMs ?? Number.MAX_SAFE_INTEGER
}
