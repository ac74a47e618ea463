/** kubectl cp: files and folders between the console and a container. Follows kubectl/pkg/cmd/cp/cp.go, which sends a tar archive through exec. */
import { atOnce, type Call, type Command } from './command.js'
import { fail } from './errors.js'
import { numberFlag, switchFlag, text } from './flags.js'
import type { CopiedFiles } from './kubectl-cluster.js'
import { containerOf, podsOf } from './pod-choice.js'

interface Place {
  /** Undefined: a file of the console. */
  readonly pod: { readonly namespace: string; readonly name: string } | undefined
  readonly path: string
}

/** `namespace/pod:path`, `pod:path`, `path`. Follows extractFileSpec. */
const placeOf = (call: Call, written: string): Place => {
  const colon = written.indexOf(':')
  if (colon < 0) return { pod: undefined, path: written }
  // A colon at the beginning, or after a dot or a slash, is part of a file's name.
  if (colon === 0) return fail('filespec must match the canonical format: [[namespace/]pod:]file/path')
  const [named, path] = [written.slice(0, colon), written.slice(colon + 1)]
  const parts = named.split('/')
  if (/^[./]/.test(named)) return { pod: undefined, path: written }
  const [first = '', second] = parts
  if (parts.length > 2) return fail('filespec must match the canonical format: [[namespace/]pod:]file/path')
  return { pod: second === undefined ? { namespace: call.namespace, name: first } : { namespace: first, name: second }, path }
}

const filesOf = (call: Call, { pod }: Place): CopiedFiles => {
  const { cluster, flags } = call
  if (pod === undefined) return cluster.ownFiles ?? fail('files of the console can only be copied from a console with a shell')
  const [object] = podsOf({ ...call, namespace: pod.namespace }, pod.name)
  if (object === undefined) return fail('timed out waiting for the condition')
  const container = containerOf(call, object, flags.text('container'))
  return (
    cluster.containerFiles?.(pod.namespace, pod.name, container) ??
    fail(`unable to upgrade connection: container not found (${JSON.stringify(container)})`)
  )
}

const baseOf = (path: string): string => path.replace(/\/+$/, '').split('/').at(-1) ?? ''

/** Copies a file, or a folder with all it holds; the answer is a complaint. */
const copy = (from: CopiedFiles, source: string, to: CopiedFiles, target: string, depth = 0): string | undefined => {
  if (depth > 64) return `${source}: too many levels of folders`
  const content = from.read(source)
  if (content !== undefined) {
    const problem = to.write(target, content)
    return problem === undefined ? undefined : `${target}: Cannot open: ${problem}`
  }
  if (to.list(target) === undefined) {
    const problem = to.makeFolder(target)
    if (problem !== undefined) return `${target}: Cannot mkdir: ${problem}`
  }
  for (const name of from.list(source) ?? []) {
    const plain = name.replace(/\/$/, '')
    const problem = copy(from, `${source.replace(/\/$/, '')}/${plain}`, to, `${target.replace(/\/$/, '')}/${plain}`, depth + 1)
    if (problem !== undefined) return problem
  }
  return undefined
}

const run = (call: Call): number => {
  const { words, output } = call
  const [first, second] = words
  if (first === undefined || second === undefined || words.length !== 2) return fail('source and destination are required')
  const [source, target] = [placeOf(call, first), placeOf(call, second)]
  if (source.pod !== undefined && target.pod !== undefined) return fail('one of src or dest must be a local file specification')
  if (source.pod === undefined && target.pod === undefined) return fail('one of src or dest must be a remote file specification')
  if (source.path === '' || target.path === '') return fail('filepath can not be empty')
  const isUpload = source.pod === undefined
  const remote = filesOf(call, isUpload ? target : source)
  const own = filesOf(call, isUpload ? source : target)
  const [from, to] = isUpload ? [own, remote] : [remote, own]
  if (from.read(source.path) === undefined && from.list(source.path) === undefined)
    return isUpload
      ? fail(`${source.path} doesn't exist in local filesystem`)
      : (output.stderr(
          `tar: ${source.path}: Cannot stat: No such file or directory\ntar: Exiting with failure status due to previous errors\n`,
        ),
        fail(`${source.path} no such file or directory`))
  if (!isUpload && source.path.startsWith('/')) output.stderr("tar: Removing leading `/' from member names\n")
  // Into a folder that is there the source goes under its own name; a download of a folder fills the target itself.
  const into = to.list(target.path) !== undefined && (isUpload || from.read(source.path) !== undefined)
  const problem = copy(from, source.path, to, into ? `${target.path.replace(/\/$/, '')}/${baseOf(source.path)}` : target.path)
  if (problem === undefined) return 0
  output.stderr(`tar: ${problem}\ntar: Exiting with failure status due to previous errors\n`)
  return fail('command terminated with exit code 2')
}

export const copyCommand: Command = {
  name: 'cp',
  flags: [text('container', 'c'), switchFlag('no-preserve'), numberFlag('retries', '0')],
  run: atOnce(run),
}
