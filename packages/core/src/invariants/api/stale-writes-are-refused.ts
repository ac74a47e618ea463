import type { ClusterCommand } from '../../cluster/commands.js'
import { changedEventKinds, deletedEventKinds } from '../../cluster/object-events.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'api/stale-writes-are-refused'

interface Expected {
  readonly uid?: unknown
  readonly resourceVersion?: unknown
}

const nothing: Expected = {}

const metadataIn = (patch: Json): Expected => {
  const metadata = isJsonObject(patch) ? patch['metadata'] : undefined
  return metadata !== undefined && isJsonObject(metadata) ? metadata : nothing
}

/** Which version of the object a command says it is about. */
const expectedBy = (command: ClusterCommand): Expected => {
  switch (command.kind) {
    case 'ReplaceObject':
      return command.object.metadata ?? nothing
    case 'PatchObject':
      return command.patchType === 'json' ? nothing : metadataIn(command.patch)
    case 'DeleteObject':
    case 'EvictPod':
      return command.options.preconditions ?? nothing
    case 'BindPod':
      return { uid: command.uid }
    default:
      return nothing
  }
}

/** A4. Follows GuaranteedUpdate and Preconditions.Check in apiserver/pkg/storage. */
export const staleWritesAreRefused: Invariant = {
  name,
  promise: 'A write that names a resourceVersion or a uid changes only the object of that uid at that version.',
  expectation: 'always',
  concerns: [...changedEventKinds, ...deletedEventKinds],
  check: (observation) => {
    const { request, before, after } = observation
    if (request === undefined || before === after) return undefined
    const { uid, resourceVersion } = expectedBy(request.command)
    if (uid === undefined && resourceVersion === undefined) return undefined
    const change = changeOf(observation)
    const was = change?.before?.metadata
    if (change === undefined || was === undefined) return undefined
    // The second of two writes of one request follows the first.
    const follows = Number(was.resourceVersion) > request.revision
    const wrong =
      typeof uid === 'string' && uid !== '' && uid !== was.uid
        ? `uid ${uid}; expected ${was.uid}`
        : typeof resourceVersion === 'string' && resourceVersion !== '' && resourceVersion !== was.resourceVersion && !follows
          ? `resourceVersion ${resourceVersion}; expected ${was.resourceVersion}`
          : undefined
    if (wrong === undefined) return undefined
    return {
      invariant: name,
      message: `${change.path} was changed by ${observation.recorded.actor} (${request.command.kind}), which meant ${wrong}, or a Conflict`,
    }
  },
}
