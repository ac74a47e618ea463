/** A provisioner (by its name or its StorageClass's) refuses to make volumes. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const provisionerFailure = ({ provisioners, message }: { readonly provisioners: string; readonly message?: string }): WorldCommand =>
  actOnWorld({
    kind: 'BehaviourSet',
    behaviour: { kind: 'ProvisionerFailing', provisioners, ...(message === undefined ? undefined : { message }) },
  })
export const healProvisionerFailure = (provisioners: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'ProvisionerFailing', target: provisioners })
