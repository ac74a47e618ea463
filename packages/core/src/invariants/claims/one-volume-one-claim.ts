import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/types.js'
import { keyOf } from '../../api/object.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'claims/one-volume-one-claim'

/** P3, first half */
export const oneVolumeOneClaim: Invariant = {
  name,
  promise: 'A claim that is Bound has a volume that says the same, and a volume never goes from one living claim to another.',
  expectation: 'always',
  concerns: ['ClaimBound', 'VolumeChanged', 'VolumeBound'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.after === undefined) return undefined
    if (observation.recorded.event.kind === 'ClaimBound') {
      const claim = change.after as unknown as PersistentVolumeClaim
      const volumeName = claim.spec.volumeName ?? ''
      const volume = findObject(storeOf(observation.after, 'PersistentVolume'), volumeName) as unknown as PersistentVolume | undefined
      if (volume?.spec.claimRef?.uid === claim.metadata.uid) return undefined
      return {
        invariant: name,
        message: `claim ${change.namespace}/${change.name} became Bound to ${volumeName === '' ? 'no volume' : volumeName}, which ${volume === undefined ? 'does not exist' : `belongs to ${volume.spec.claimRef?.name ?? 'nobody'}`}; expected the volume to name the claim`,
      }
    }
    const [before, after] = [change.before, change.after] as unknown as readonly [PersistentVolume | undefined, PersistentVolume]
    const [was, is] = [before?.spec.claimRef, after.spec.claimRef]
    if (was?.uid === undefined || is?.uid === undefined || was.uid === is.uid) return undefined
    const former = findObject(storeOf(observation.before, 'PersistentVolumeClaim'), keyOf(was.namespace ?? '', was.name ?? ''))
    if (former?.metadata.uid !== was.uid) return undefined
    return {
      invariant: name,
      message: `volume ${change.name} went from claim ${was.name ?? ''} to ${is.name ?? ''} while the former still exists; expected it to stay with it`,
    }
  },
}
