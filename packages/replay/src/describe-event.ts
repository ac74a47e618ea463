/** One event in a few words, for people: a pure function of the event. */
import { splitObjectPath, type ClusterEvent } from '@statefold/core'

export type Tone = 'outside' | 'good' | 'bad' | 'going' | 'plain' | 'waiting' | 'faint'

export interface Described {
  readonly text: string
  readonly tone: Tone
  /** True for what a short story tells; false for detail. */
  readonly telling: boolean
}

type Fields = Readonly<Record<string, unknown>>
const isRecord = (value: unknown): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value)
const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>((current, key) => (isRecord(current) ? current[key] : undefined), value)
const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''

const objectName = (path: string): string => {
  const { kind, name } = splitObjectPath(path)
  return kind === 'Pod' ? name : `${kind} ${name}`
}

const imagesOf = (template: unknown): string => {
  const containers = at(template, 'spec', 'containers')
  return Array.isArray(containers) ? containers.map((container) => text(at(container, 'image'))).join(', ') : ''
}

/** What somebody outside asked for. */
const describeCommand = (command: unknown): string => {
  const kind = text(at(command, 'kind'))
  const target = `${text(at(command, 'target', 'kind'))} ${text(at(command, 'target', 'name'))}`
  switch (kind) {
    case 'CreateObject':
    case 'ReplaceObject': {
      const object = at(command, 'object')
      const verb = kind === 'CreateObject' ? 'create' : 'replace'
      const replicas = at(object, 'spec', 'replicas')
      const images = imagesOf(at(object, 'spec', 'template'))
      const details = [
        replicas === undefined ? '' : `replicas=${text(replicas)}`,
        text(at(object, 'spec', 'podManagementPolicy')),
        images,
      ].filter((part) => part !== '')
      return `${verb} ${text(at(object, 'kind'))} ${text(at(object, 'metadata', 'name'))}${details.length === 0 ? '' : `  ${details.join('  ')}`}`
    }
    case 'PatchObject': {
      const patch = at(command, 'patch')
      const replicas = at(patch, 'spec', 'replicas')
      const images = imagesOf(at(patch, 'spec', 'template'))
      const partition = at(patch, 'spec', 'updateStrategy', 'rollingUpdate', 'partition')
      if (replicas !== undefined && images === '') return `scale ${target} to ${text(replicas)}`
      const details = [images, partition === undefined ? '' : `partition=${text(partition)}`].filter((part) => part !== '')
      return `patch ${target}${details.length === 0 ? '' : `  ${details.join('  ')}`}`
    }
    case 'DeleteObject': {
      const grace = at(command, 'options', 'gracePeriodSeconds')
      return `delete ${target}${grace === 0 ? ' by force' : ''}`
    }
    case 'EvictPod':
      return `evict Pod ${text(at(command, 'name'))}`
    case 'ActOnWorld': {
      const event = at(command, 'event')
      if (text(at(event, 'kind')) === 'FileWritten') return `write ${text(at(event, 'path'))} in ${text(at(event, 'asset'))}`
      const behaviour = at(event, 'behaviour')
      const about =
        text(at(event, 'node')) ||
        text(at(event, 'target')) ||
        text(at(event, 'container')) ||
        text(at(behaviour, 'pods')) ||
        text(at(behaviour, 'images')) ||
        text(at(behaviour, 'volumes')) ||
        text(at(behaviour, 'provisioners'))
      const what = typeof behaviour === 'string' ? `${behaviour} cleared` : text(at(behaviour, 'kind')) || text(at(event, 'kind'))
      return `world: ${what} ${about}`.trimEnd()
    }
    default:
      return `${kind} ${text(at(command, 'controller'))}`.trimEnd()
  }
}

const revisionOf = (event: Fields): string => {
  const label =
    text(at(event, 'manifest', 'metadata', 'labels', 'controller-revision-hash')) ||
    text(at(event, 'set', '/metadata/labels/controller-revision-hash'))
  const template = text(event['template'])
  const revision = label !== '' ? label : template.slice(template.indexOf('/') + 1)
  return revision === '' ? '' : `  revision ${revision}`
}

/** The first text in there that has these words in it. */
const textWith = (value: unknown, words: string): string | undefined => {
  if (typeof value === 'string') return value.includes(words) ? value : undefined
  if (typeof value !== 'object' || value === null) return undefined
  for (const inner of Object.values(value)) {
    const found = textWith(inner, words)
    if (found !== undefined) return found
  }
  return undefined
}

/** Controllers whose waiting is told by facts of its own. */
const told: ReadonlySet<string> = new Set(['default-scheduler', 'persistentvolume-controller', 'persistentvolume-binder'])

const tell = (what: string, tone: Tone): Described => ({ text: what, tone, telling: true })
const detail = (what: string): Described => ({ text: what, tone: 'faint', telling: false })

/** What a process says goes to its log. */
const isOutput = (command: unknown): boolean => text(at(at(command, 'event'), 'asset')).startsWith('log:')

export const describeEvent = (event: ClusterEvent): Described => {
  const fields = event as unknown as Fields
  const name = 'object' in event && typeof event.object === 'string' ? objectName(event.object) : ''
  switch (event.kind) {
    case 'CommandReceived':
      return isOutput(event.command) ? detail(describeCommand(event.command)) : tell(describeCommand(event.command), 'outside')
    case 'CommandRejected':
      return tell(`refused (${event.reason}): ${event.message}`, 'bad')
    case 'WaitingChanged': {
      const first = event.waitingFor[0]
      if (first === undefined) return detail(`${event.key} waits no longer`)
      // The first half says what is waited for, the rest why; the scheduler and the binder have told it as facts.
      const [what = ''] = first.because.split('; ')
      const more = event.waitingFor.length > 1 ? ` (and ${event.waitingFor.length - 1} more)` : ''
      return { text: `waiting: ${what}${more}`, tone: 'waiting', telling: !told.has(event.controller) }
    }
    case 'PodCreated':
      return tell(`${name} created${revisionOf(fields)}`, 'plain')
    case 'PodScheduled':
      return tell(`${name} scheduled on ${text(at(fields, 'set', '/spec/nodeName'))}`, 'plain')
    case 'PodUnschedulable': {
      const message = textWith(fields['set'], 'nodes are available')
      return tell(`${name} cannot be scheduled${message === undefined ? '' : `: ${message}`}`, 'waiting')
    }
    case 'PodBecameReady':
      return tell(`${name} ready`, 'good')
    case 'PodBecameUnready':
      return tell(`${name} not ready any more`, 'bad')
    case 'PodDeletionRequested':
      return tell(`${name} terminating`, 'going')
    case 'PodFailed':
      return tell(`${name} failed`, 'bad')
    case 'PodDeleted':
      return tell(`${name} gone`, 'going')
    case 'RevisionCreated':
      return tell(`revision ${splitObjectPath(event.object).name} created`, 'plain')
    case 'RevisionRenumbered':
      return tell(
        `revision ${splitObjectPath(event.object).name} is the newest again (number ${text(at(fields, 'set', '/revision'))})`,
        'plain',
      )
    case 'StatefulSetRolloutCompleted':
      return tell(`${name}: the rollout is complete`, 'good')
    case 'ClaimBound':
      return tell(`${name} bound`, 'plain')
    case 'ClaimDeleted':
    case 'VolumeDeleted':
      return tell(`${name} gone`, 'going')
    case 'ClaimLost':
    case 'VolumeFailed':
    case 'NodeBecameNotReady':
      return tell(
        `${name}: ${event.kind
          .replace(/^(Claim|Volume|Node)/, '')
          .replace(/([A-Z])/g, ' $1')
          .trim()
          .toLowerCase()}`,
        'bad',
      )
    case 'NodeBecameReady':
    case 'NodeCordoned':
    case 'NodeUncordoned':
      return tell(
        `${name}: ${event.kind
          .slice('Node'.length)
          .replace(/([A-Z])/g, ' $1')
          .trim()
          .toLowerCase()}`,
        'plain',
      )
    case 'ControllerCrashed':
    case 'ControllerRestarted':
      return tell(`${event.controller} ${event.kind === 'ControllerCrashed' ? 'crashed' : 'restarted'}`, 'bad')
    case 'ApiFaultStruck':
      return tell(`the API call went wrong (${event.fault}): ${event.command} ${event.on}`, 'bad')
    case 'InformerLagSet':
      return tell(
        event.lagMs === 0
          ? `${event.controller} hears of ${event.objectKind} writes at once again`
          : `${event.controller} hears of ${event.objectKind} writes ${event.lagMs} ms late`,
        'bad',
      )
    case 'KubernetesEventRecorded':
      return {
        text: `${event.type === 'Warning' ? 'Warning ' : ''}${event.reason}: ${event.message}`,
        tone: event.type === 'Warning' ? 'waiting' : 'faint',
        telling: false,
      }
    default:
      return detail(`${event.kind}${name === '' ? '' : ` ${name}`}`)
  }
}
