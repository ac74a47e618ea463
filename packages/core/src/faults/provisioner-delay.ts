/** A provisioner needs this much longer for each volume. */
import { actOnWorld, type WorldCommand } from '../cluster/world.js'

export const provisionerDelay = ({ provisioners, byMs }: { readonly provisioners: string; readonly byMs: number }): WorldCommand =>
  actOnWorld({ kind: 'BehaviourSet', behaviour: { kind: 'ProvisionerDelayed', provisioners, byMs } })
export const healProvisionerDelay = (provisioners: string): WorldCommand =>
  actOnWorld({ kind: 'BehaviourCleared', behaviour: 'ProvisionerDelayed', target: provisioners })
