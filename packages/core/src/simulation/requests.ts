/** Commands as requests to the API server: what they are about, and what a fault answers instead. */
import { conflict, modifiedMessage, type ApiStatus } from '../api/api-status.js'
import type { KubernetesObject, ObjectRef } from '../api/object.js'
import { qualifiedResource } from '../api/resources.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { ApiFault } from '../cluster/engine-events.js'
import { extended } from '../kernel/extended.js'

/** The object that a command is about: `Pod/default/web-0`. */
export const nameOfTarget = (command: ClusterCommand): { readonly path: string; readonly ref: ObjectRef | undefined } => {
  switch (command.kind) {
    case 'GetObject':
    case 'PatchObject':
    case 'DeleteObject':
      return { path: `${command.target.kind}/${command.target.namespace}/${command.target.name}`, ref: command.target }
    case 'CreateObject':
    case 'ReplaceObject': {
      const { kind, metadata } = command.object
      const ref = { kind, namespace: metadata?.namespace ?? '', name: metadata?.name ?? metadata?.generateName ?? '' }
      return { path: `${kind}/${ref.namespace}/${ref.name}`, ref }
    }
    case 'BindPod':
    case 'EvictPod':
      return { path: `Pod/${command.namespace}/${command.name}`, ref: { kind: 'Pod', namespace: command.namespace, name: command.name } }
    default:
      return { path: '', ref: undefined }
  }
}

/** To the API: what people are told about, and what happens on machines, are none. */
export const isWrite = ({ kind }: ClusterCommand): boolean =>
  kind === 'CreateObject' ||
  kind === 'ReplaceObject' ||
  kind === 'PatchObject' ||
  kind === 'DeleteObject' ||
  kind === 'BindPod' ||
  kind === 'EvictPod'

export const atRevision = (object: KubernetesObject, rv: number): KubernetesObject => ({
  ...object,
  metadata: extended(object.metadata, { resourceVersion: String(rv) }),
})

const timedOut: ApiStatus = { reason: 'Timeout', code: 504, message: 'Timeout: request did not complete within the allotted timeout' }

/** What the client hears of a request that the fault has struck. */
export const faultAnswer = (fault: ApiFault, ref: ObjectRef | undefined): ApiStatus => {
  switch (fault) {
    case 'conflict':
      return conflict(qualifiedResource(ref?.kind ?? ''), ref?.name ?? '', modifiedMessage)
    case 'too-many-requests':
      return {
        reason: 'TooManyRequests',
        code: 429,
        message: 'the server has received too many requests and has asked us to try again later',
      }
    case 'internal-error':
      return { reason: 'InternalError', code: 500, message: 'Internal error occurred: etcdserver: request timed out' }
    case 'lost-answer':
    case 'lost-request':
      return timedOut
  }
}
